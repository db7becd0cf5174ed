import { type Machine } from './machine';

/**
 * How the text of a variable becomes a value. `parse` returns undefined for text that is not allowed;
 * null is a value like any other ("not set").
 */
export interface ValueType<T> {
  /** What is allowed, in words that fit after "allowed is": range, unit and form. */
  readonly allowed: string;
  parse(text: string, machine: Machine): T | undefined;
}

/** One setting of the product, declared once: the loader, the types and the documentation come from it. */
export interface Setting<T> {
  /** Name of the environment variable. */
  readonly variable: string;
  /** Other names that are read when the first is not set. */
  readonly aliases: readonly string[];
  readonly type: ValueType<T>;
  /** The default as it would be written in the environment; empty text means "not set". */
  readonly defaultText: string;
  /** What it does, for docs/configuration.md. */
  readonly words: string;
  /** A secret's value is never repeated, neither in an error nor in the documentation. */
  readonly secret: boolean;
  /** True when a change is seen only after a restart. */
  readonly needsRestart: boolean;
}

type OptionalParts = 'aliases' | 'secret' | 'needsRestart';
type SettingDeclaration<T> = Omit<Setting<T>, OptionalParts> &
  Partial<Pick<Setting<T>, OptionalParts>>;

export function setting<T>(declaration: SettingDeclaration<T>): Setting<T> {
  return { aliases: [], secret: false, needsRestart: true, ...declaration };
}
