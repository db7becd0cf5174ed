import { SETTINGS } from './app-config';
import { FOREIGN_NAMES } from './foreign-names';
import { type Setting } from './setting';

/** The formatter leaves what is between these lines as it is. */
const START = '<!-- prettier-ignore-start -->';
const END = '<!-- prettier-ignore-end -->';

/**
 * Replaces the tables of the variables of acexy and acestream-orchestrator in the text of docs/migrating.md.
 *
 * @throws if the page has no place for them
 */
export function insertNameTables(page: string): string {
  const [before, , rest] = page.split(new RegExp(`(${START})`));
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${START} or ${END} is missing`);
  return `${before}${START}\n\n${renderNameTables()}\n${END}${after}`;
}

function renderNameTables(): string {
  return [
    renderTable('works, with a warning', 'new name', listAliases()),
    renderTable('ignored, with a warning', 'in acefleet', listForeignNames()),
  ].join('\n');
}

type Row = readonly [names: readonly string[], meaning: string];

/** One row for each alias; an alias may give the values of several settings. */
function listAliases(): Row[] {
  const variables = new Map<string, string[]>();
  for (const { variable, aliases } of Object.values<Setting<unknown>>(SETTINGS)) {
    for (const { names } of aliases) {
      const key = names.join(' ');
      variables.set(key, [...(variables.get(key) ?? []), variable]);
    }
  }
  return [...variables].map(([key, of]) => [key.split(' '), of.map(asCode).join(', ')]);
}

function listForeignNames(): Row[] {
  const names = new Map<string, string[]>();
  for (const [name, replacement] of FOREIGN_NAMES) {
    names.set(replacement, [...(names.get(replacement) ?? []), name]);
  }
  return [...names].map(([replacement, of]) => [of, markNames(replacement)]);
}

function renderTable(title: string, meaning: string, rows: readonly Row[]): string {
  const lines = rows.map(([names, text]) => `| ${names.map(asCode).join(', ')} | ${text} |`);
  return [`| ${title} | ${meaning} |`, '| --- | --- |', ...lines, ''].join('\n');
}

/** Marks names of variables in a sentence as code. */
function markNames(text: string): string {
  return text.replace(/\b(?:[A-Z]+(?:_[A-Z]+)+|HOST|PORT)\b/g, asCode);
}

function asCode(name: string): string {
  return `\`${name}\``;
}
