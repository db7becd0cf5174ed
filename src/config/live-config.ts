import type { AppConfig, ConfigField } from './app-config';

/**
 * The configuration in force, and its changes while the program runs. Code gets `values` under the token `CONFIG` and
 * reads a property whenever it needs the value. Only code that must act on a change itself, because it has set a timer or
 * keeps requests waiting, subscribes to it.
 */
export class LiveConfig {
  readonly values: AppConfig;
  private readonly listeners = new Set<{
    readonly fields: readonly ConfigField[];
    readonly changed: () => void;
  }>();

  constructor(initial: AppConfig) {
    this.values = { ...initial };
  }

  /** Calls `changed` after changes of these fields, once for each `apply`. Returns the function that unsubscribes. */
  onChange(fields: readonly ConfigField[], changed: () => void): () => void {
    const listener = { fields, changed };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Puts all values in force, and then calls the listeners. A listener that throws does not keep the others from it. */
  apply(changes: Partial<AppConfig>): void {
    Object.assign(this.values, changes);
    const errors: unknown[] = [];
    for (const { fields, changed } of [...this.listeners]) {
      if (!fields.some((field) => field in changes)) continue;
      try {
        changed();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw new AggregateError(errors, 'a change of settings was not followed');
  }
}

/** The fields of `Config` under other names. */
type View<Config, Names extends Readonly<Record<string, keyof Config>>> = {
  readonly [Name in keyof Names]: Config[Names[Name]];
};

/**
 * An object whose properties are those of `config` under other names, for code that knows no settings. Each property is
 * read from `config` when it is used, so that a change of the setting counts.
 */
export function viewOf<
  Config extends object,
  const Names extends Readonly<Record<string, keyof Config>>,
>(config: Config, names: Names): View<Config, Names> {
  const getters = Object.entries(names).map(([name, field]) => [
    name,
    { enumerable: true, get: () => config[field] },
  ]);
  return Object.defineProperties({}, Object.fromEntries(getters) as PropertyDescriptorMap) as View<
    Config,
    Names
  >;
}
