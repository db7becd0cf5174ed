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

/** One setting. The loader, the types and the documentation are derived from this declaration. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly variable: string;
  /** Other variables that are read when the first one is not set. */
  readonly aliases: readonly string[];
  readonly type: ValueType<T>;
  /** The default as text of the variable; empty text means "not set". */
  readonly defaultText: string;
  /** The text for docs/configuration.md. */
  readonly description: string;
  /** If true, the value is never printed, neither in errors nor in the documentation. */
  readonly secret: boolean;
  /** True if a change takes effect only after a restart. */
  readonly needsRestart: boolean;
}

type OptionalParts = 'aliases' | 'secret' | 'needsRestart';
type SettingDeclaration<T> = Omit<Setting<T>, OptionalParts> &
  Partial<Pick<Setting<T>, OptionalParts>>;

export function setting<T>(declaration: SettingDeclaration<T>): Setting<T> {
  return { aliases: [], secret: false, needsRestart: true, ...declaration };
}
