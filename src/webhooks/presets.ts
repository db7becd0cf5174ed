import { AppError } from '../kernel/errors';
import { fillTemplate } from './message-template';
import { type Notice, titleOf } from './notice';
import type { Preset, Webhook } from './webhook';

/** What is sent to the receiver, without signatures and headers. The body is JSON. */
export interface Rendered {
  readonly url: string;
  readonly body: unknown;
}

export interface RenderOptions {
  /** Id of the delivery. */
  readonly id: string;
  /** PUBLIC_URL: what a tap on the notification opens; null if it is not known. */
  readonly click: string | null;
}

type Target = Pick<Webhook, 'url' | 'preset' | 'template'>;

type Render = (notice: Notice, target: Target, options: RenderOptions) => Rendered;

const RENDERERS: Readonly<Record<Preset, Render>> = {
  standard: renderStandard,
  ntfy: renderNtfy,
  gotify: renderGotify,
  discord: renderDiscord,
  home_assistant: renderHomeAssistant,
};

/** The body of the request, in the form that the receiver expects. */
export function renderNotice(notice: Notice, target: Target, options: RenderOptions): Rendered {
  return RENDERERS[target.preset](notice, target, options);
}

/** @throws AppError `invalid_request` if the preset cannot send to this address, or has no template */
export function checkPreset({ preset, url, template }: Target): void {
  if (preset === 'ntfy') topicOf(url);
  if (preset !== 'standard' || template === null) return;
  throw new AppError('invalid_request', 'The preset standard has no template.');
}

/** Receivers shorten longer texts, or refuse them: ntfy takes 4096 bytes, Discord 4096 characters. */
const MAX_TEXT = 1000;

function messageOf(notice: Notice, { template }: Target, escape?: (value: string) => string) {
  const text = fillTemplate(template ?? '{text}', notice, escape);
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

function renderStandard(notice: Notice, { url }: Target): Rendered {
  const { kind, type, level, subject, text, time, eventId, durationMs, details } = notice;
  const data = {
    ...{ kind, level, subject, message: text, event_id: eventId },
    ...{ duration_s: secondsOf(durationMs), details },
  };
  return { url, body: { type, timestamp: time, data } };
}

/** 3 is the default, 4 is louder, and 5 stays on the screen of a phone. */
const NTFY_PRIORITIES = { info: 3, warning: 4, error: 5 } as const;

function renderNtfy(notice: Notice, target: Target, { click }: RenderOptions): Rendered {
  const { topic, url } = topicOf(target.url);
  const body = {
    topic,
    title: titleOf(notice),
    message: messageOf(notice, target),
    priority: NTFY_PRIORITIES[notice.level],
    tags: [ntfyTag(notice), notice.type],
    ...(click === null ? {} : { click }),
  };
  return { url, body };
}

/** ntfy shows a tag that is the name of an emoji as that emoji. */
function ntfyTag({ kind, level }: Notice): string {
  if (kind === 'recovery') return 'white_check_mark';
  if (kind === 'test') return 'wave';
  return { info: 'information_source', warning: 'warning', error: 'rotating_light' }[level];
}

/**
 * ntfy takes JSON at its root, with the topic in the body: in headers, texts other than ASCII would need an encoding.
 *
 * @throws AppError `invalid_request` if the address is not that of a topic
 */
function topicOf(address: string): { readonly topic: string; readonly url: string } {
  const url = new URL(address);
  const topic = /^\/([A-Za-z0-9_-]{1,64})\/?$/.exec(url.pathname)?.[1];
  if (topic === undefined) {
    const detail = 'For the preset ntfy, url must be the address of a topic: https://HOST/TOPIC.';
    throw new AppError('invalid_request', detail);
  }
  url.pathname = '/';
  return { topic, url: url.href };
}

/** Clients make a sound from 4 on, and are insistent from 8 on. */
const GOTIFY_PRIORITIES = { info: 4, warning: 6, error: 8 } as const;

function renderGotify(notice: Notice, target: Target, { click }: RenderOptions): Rendered {
  const extras =
    click === null ? {} : { extras: { 'client::notification': { click: { url: click } } } };
  const body = {
    title: titleOf(notice),
    message: messageOf(notice, target),
    priority: GOTIFY_PRIORITIES[notice.level],
    ...extras,
  };
  return { url: target.url, body };
}

const GREEN = 0x2e_a0_43;
const DISCORD_COLOURS = { info: 0x3b_82_f6, warning: 0xd2_99_22, error: 0xda_36_33 } as const;
const DISCORD_MARKUP = /[\\*_~`|<>[\]()#@]/g;

function renderDiscord(notice: Notice, target: Target, { click }: RenderOptions): Rendered {
  const embed = {
    title: titleOf(notice),
    description: messageOf(notice, target, (value) => value.replace(DISCORD_MARKUP, '\\$&')),
    color: notice.kind === 'recovery' ? GREEN : DISCORD_COLOURS[notice.level],
    timestamp: notice.time,
    footer: { text: notice.subject.slice(0, 200) },
    ...(click === null ? {} : { url: click }),
  };
  // Texts may contain words of an engine or a list, which must not call anybody.
  return { url: target.url, body: { embeds: [embed], allowed_mentions: { parse: [] } } };
}

/** Flat, because an automation reads `trigger.json.NAME`. */
function renderHomeAssistant(notice: Notice, target: Target, { id }: RenderOptions): Rendered {
  const { kind, type, level, subject, time, durationMs } = notice;
  const body = {
    ...{ id, kind, type, level, subject, title: titleOf(notice) },
    ...{ message: messageOf(notice, target), time, duration_s: secondsOf(durationMs) },
  };
  return { url: target.url, body };
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 1000);
}
