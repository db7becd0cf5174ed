import { readSecretFile } from './secret-file';
import { type Alias, fileVariable, type Setting } from './setting';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables from one source. The first source that contains a setting under any of its names wins. */
export interface ConfigSource {
  /** The source's name for error messages; empty for the process's environment. */
  readonly place: string;
  readonly variables: Environment;
  /** True for the file `.env`. */
  readonly isFile?: boolean;
}

/** One variable that is set. */
interface GivenVariable {
  readonly name: string;
  readonly text: string;
  readonly place: string;
  /** Position of its source; 0 is the most important one. */
  readonly rank: number;
  /** True if it is in the file `.env`. */
  readonly isInFile: boolean;
}

/** What the operator wrote for one setting, under one of its names. */
export interface GivenValue {
  readonly variables: readonly GivenVariable[];
  /** Null if it is the setting's own variable, or the one with the path of its file. */
  readonly alias: Alias | null;
  /** Text for the setting's type; `''` does not decide the setting, undefined is not allowed. */
  readonly text: string | undefined;
  /** Why the value is not valid, if it is not: text that can follow "is not valid:". */
  readonly fault: string;
}

/** Longer values are cut in messages, so that each stays one readable line. */
const MAX_SHOWN_VALUE = 100;

/**
 * Everything that is set for a setting, the value that counts first, except that a value with the text `''` does not
 * count.
 */
export function findGivenValues(
  setting: Setting<unknown>,
  sources: readonly ConfigSource[],
): readonly GivenValue[] {
  const own = [findOwn(setting, sources), findFile(setting, sources)];
  const values = [...own, ...setting.aliases.map((alias) => findAlias(setting, alias, sources))];
  return values.filter((value) => value !== null).sort((a, b) => rankOf(a) - rankOf(b));
}

function findOwn(
  { variable, type }: Setting<unknown>,
  sources: readonly ConfigSource[],
): GivenValue | null {
  const given = findVariable(variable, sources);
  if (given === null) return null;
  return { variables: [given], alias: null, text: given.text, fault: `allowed is ${type.allowed}` };
}

function findFile(setting: Setting<unknown>, sources: readonly ConfigSource[]): GivenValue | null {
  const given = setting.isSecret ? findVariable(fileVariable(setting), sources) : null;
  if (given === null) return null;
  const secret = readSecretFile(given.text);
  const common = { variables: [given], alias: null };
  return 'fault' in secret
    ? { ...common, text: undefined, fault: secret.fault }
    : { ...common, text: secret.text, fault: `allowed in the file is ${setting.type.allowed}` };
}

function findAlias(
  { type }: Setting<unknown>,
  alias: Alias,
  sources: readonly ConfigSource[],
): GivenValue | null {
  const found = alias.names.map((name) => findVariable(name, sources));
  const variables = found.filter((variable) => variable !== null);
  if (variables.length === 0) return null;
  const text = alias.convert(found.map((variable) => variable?.text ?? ''));
  return { variables, alias, text, fault: `allowed is ${alias.allowed ?? type.allowed}` };
}

/** An empty variable counts as not set, because compose files pass `${NAME:-}`. */
function findVariable(name: string, sources: readonly ConfigSource[]): GivenVariable | null {
  for (const [rank, { place, variables, isFile = false }] of sources.entries()) {
    const text = variables[name]?.trim() ?? '';
    if (text !== '') return { name, text, place, rank, isInFile: isFile };
  }
  return null;
}

function rankOf({ variables }: GivenValue): number {
  return Math.min(...variables.map(({ rank }) => rank));
}

/** Names and places: `ACEXY_HOST and ACEXY_PORT in .env`. */
export function namesOf({ variables }: GivenValue): string {
  return listOf(variables.map(({ name, place }) => `${name}${place}`));
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** One line for a value that is not allowed. */
export function describeInvalid(setting: Setting<unknown>, value: GivenValue): string {
  const written = value.variables.map(({ name, text, place }) => {
    const isHidden = setting.isSecret && name !== fileVariable(setting);
    return `${name}=${isHidden ? '(hidden)' : show(text)}${place}`;
  });
  return `${written.join(' with ')} is not valid: ${value.fault}`;
}

/** Where the value comes from: the file `.env` or a file of `NAME_FILE`, or else the environment. */
export function sourceOf(setting: Setting<unknown>, { variables }: GivenValue): 'env' | 'file' {
  const isFile = variables.some(({ name, isInFile }) => isInFile || name === fileVariable(setting));
  return isFile ? 'file' : 'env';
}

/** One line for a value of the API that is not allowed. */
export function describeRefused(
  { variable, type, isSecret }: Setting<unknown>,
  text: string,
): string {
  return `${variable}=${isSecret ? '(hidden)' : show(text)} is not valid: allowed is ${type.allowed}`;
}

function show(text: string): string {
  const cut = text.length > MAX_SHOWN_VALUE ? `${text.slice(0, MAX_SHOWN_VALUE)}…` : text;
  return JSON.stringify(cut);
}
