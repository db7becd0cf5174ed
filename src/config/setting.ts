import { type Machine } from './machine';

/**
 * Parses the text of a variable. `parse` returns undefined for text that is not allowed; null is a valid value,
 * "not set".
 */
export interface ValueType<T> {
  /** The allowed values as text that can follow "allowed is": range, unit and form. */
  readonly allowed: string;
  parse(text: string, machine: Machine): T | undefined;
}

/** Variables of another program that give the value of a setting. They are deprecated from the start. */
export interface Alias {
  /** Usually one name; more if the other program has several variables for one setting. */
  readonly names: readonly string[];
  /** The allowed values as text that can follow "allowed is"; null: the same as for the setting's own variable. */
  readonly allowed: string | null;
  /**
   * Converts the texts of `names` (same order, `''` if not set) to the text of the setting's own variable.
   * Returns `''` if they do not decide this setting, and undefined if they are not allowed.
   */
  convert(texts: readonly string[]): string | undefined;
}

/** One setting. The loader, the types and the documentation are derived from this declaration. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly variable: string;
  /** Variables that are read when `variable` is not set, the first ones first. */
  readonly aliases: readonly Alias[];
  readonly type: ValueType<T>;
  /** The default as text of the variable; empty text means "not set". */
  readonly defaultText: string;
  /** The text for docs/configuration.md. */
  readonly description: string;
  /**
   * If true, the value is never printed, neither in errors nor in the documentation, and it can be given in a file
   * (see `fileVariable`).
   */
  readonly isSecret: boolean;
  readonly change: SettingChange;
}

/**
 * When a value that is set with the API takes effect. `at_once`: with the next decision that uses it, so no code may copy
 * it for longer. `after_restart`: at the next start. `environment_only`: never, because whoever may use the API must not
 * decide it, or because the API cannot be reached before it is known.
 */
export type SettingChange = 'at_once' | 'after_restart' | 'environment_only';

type OptionalParts = 'aliases' | 'isSecret' | 'change';

type SettingDeclaration<T> = Omit<Setting<T>, OptionalParts> &
  Partial<Omit<Pick<Setting<T>, OptionalParts>, 'aliases'>> & {
    /** A plain name stands for an alias with the same values as the setting's own variable. */
    readonly aliases?: readonly (Alias | string)[];
  };

export function setting<T>(declaration: SettingDeclaration<T>): Setting<T> {
  const aliases = (declaration.aliases ?? []).map((alias) =>
    typeof alias === 'string' ? sameValues(alias) : alias,
  );
  return { isSecret: false, change: 'at_once', ...declaration, aliases };
}

function sameValues(name: string): Alias {
  return { names: [name], allowed: null, convert: ([text = '']) => text };
}

/** The variable with the path of the file that contains a secret. */
export function fileVariable({ variable }: Setting<unknown>): string {
  return `${variable}_FILE`;
}
