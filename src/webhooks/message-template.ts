import { durationText, type Notice, titleOf } from './notice';

/** What a template can contain in braces. */
const VALUES: Readonly<Record<string, (notice: Notice) => string>> = {
  title: titleOf,
  text: ({ text }) => text,
  kind: ({ kind }) => kind,
  type: ({ type }) => type,
  level: ({ level }) => level,
  subject: ({ subject }) => subject,
  time: ({ time }) => time,
  duration: ({ durationMs }) => (durationMs === null ? '' : durationText(durationMs)),
};

export const TEMPLATE_NAMES = Object.keys(VALUES);

const PLACEHOLDER = /\{([a-z_]*)\}/g;

/** The first placeholder of the template that does not exist; null if all do. */
export function unknownPlaceholder(template: string): string | null {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  return names.find((name) => !TEMPLATE_NAMES.includes(name)) ?? null;
}

/**
 * Fills a template in. Values are inserted once, so one that contains braces is not filled in again.
 *
 * @param escape makes a value safe for the receiver's markup
 */
export function fillTemplate(
  template: string,
  notice: Notice,
  escape: (value: string) => string = (value) => value,
): string {
  return template.replace(PLACEHOLDER, (whole, name: string) => {
    const value = VALUES[name];
    return value === undefined ? whole : escape(value(notice));
  });
}
