import { Logger } from '@nestjs/common';
import {
  type AppConfig,
  type ConfigField,
  type DecidedSetting,
  describeRefused,
  findContradictions,
  LiveConfig,
  type LoadedConfig,
  type Machine,
  type Setting,
  THIS_MACHINE,
} from '../config';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import type { SettingStore } from '../storage';
import { declarationOf, DECLARATIONS, describeUnknown, fieldOf } from './setting-names';

/** Stands for the value of a secret. In an import or a change it leaves the value as it is. */
export const MASK = '********';

export type SettingSource = 'default' | 'env' | 'file' | 'api';

/** A setting as it is now. Values are written as in the environment; empty text means "not set". */
export interface SettingState {
  readonly setting: Setting<unknown>;
  /** In force; masked if it is secret. */
  readonly value: string;
  readonly source: SettingSource;
  /** The variables that decide the setting, and where they are set; null if the API may change it. */
  readonly lockedBy: string | null;
  /** The value that the next start will put in force; null if it is the present one. */
  readonly pending: string | null;
}

/** A value in the database that has no effect. */
export interface IgnoredSetting {
  readonly name: string;
  /** Masked if it is secret, or if no setting has this name. */
  readonly value: string;
  readonly reason: 'unknown' | 'invalid' | 'contradiction' | 'environment_only' | 'locked';
  readonly detail: string;
}

/** What differs from the defaults. */
export interface SettingsExport {
  /** By variable. Secrets are masked. */
  readonly settings: Readonly<Record<string, string>>;
  /** The settings that only the environment can change, for information. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface SettingsChange {
  /** Variables whose value has changed, or would change. */
  readonly changed: readonly string[];
}

/** Texts to set, by variable; null: back to the default. */
type Texts = ReadonlyMap<string, string | null>;

/** A change that was found valid. */
interface Plan {
  readonly rows: Texts;
  readonly stored: Map<ConfigField, string>;
  /** The values that changed and are applied at once. */
  readonly values: Partial<AppConfig>;
  readonly next: AppConfig;
  readonly changed: readonly string[];
}

/**
 * The values of all settings and where they come from: the environment, else the file `.env`, else the database, where
 * the API stores its changes, else the default. Changes are made one after another; each is stored first and then
 * applied, as a whole or not at all.
 */
export class Settings {
  readonly live: LiveConfig;
  private readonly logger = new Logger('Settings');
  private readonly decided: ReadonlyMap<ConfigField, DecidedSetting>;
  /** Valid texts from the API; a restart puts all of them in force. */
  private stored = new Map<ConfigField, string>();
  /** The texts that the API had set at the start. */
  private storedAtStart: ReadonlyMap<ConfigField, string> = new Map();
  private ignored: IgnoredSetting[] = [];
  /** The configuration that a restart would put in force. */
  private next: AppConfig;
  private readonly changes = new SerialQueue();

  constructor(
    { config, decided }: Pick<LoadedConfig, 'config' | 'decided'>,
    private readonly store: Pick<SettingStore, 'list' | 'write'>,
    private readonly machine: Machine = THIS_MACHINE,
  ) {
    this.live = new LiveConfig(config);
    this.decided = decided;
    this.next = config;
  }

  /**
   * Puts the stored values in force. Call once, before anything reads the configuration. Values that have no effect are
   * ignored, and returned as warnings of one line each.
   */
  async open(): Promise<readonly string[]> {
    try {
      for (const [name, text] of await this.store.list()) this.takeStored(name, text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [`the settings that were changed with the API cannot be read: ${reason}`];
    }
    this.dropContradictions();
    this.storedAtStart = new Map(this.stored);
    this.live.apply(this.next);
    return this.ignored
      .filter(({ reason }) => reason !== 'locked')
      .map(({ detail }) => `${detail}; the value from the API is ignored`);
  }

  /** All settings, in the order of their declaration. */
  list(): SettingState[] {
    return [...DECLARATIONS.keys()].map((field) => this.stateOf(field));
  }

  /** Values in the database that have no effect. */
  listIgnored(): readonly IgnoredSetting[] {
    return this.ignored;
  }

  /**
   * Changes all given settings or none. Resolves when the changes are stored and in force, except for settings that need
   * a restart.
   *
   * @throws AppError `invalid_request`, `forbidden`, `conflict`; `storage_full` or `storage_failed`
   */
  change(given: Texts): Promise<SettingsChange> {
    return this.changes.run(() => this.carryOut(this.plan(given)));
  }

  exportAll(): SettingsExport {
    const settings: Record<string, string> = {};
    const environment: Record<string, string> = {};
    for (const { setting, value, pending } of this.list()) {
      const text = pending ?? value;
      if (text === setting.defaultText) continue;
      const target = setting.change === 'environment_only' ? environment : settings;
      target[setting.variable] = text;
    }
    return { settings, environment };
  }

  /**
   * Makes the settings those of an export: what it does not contain goes back to the default. Masked secrets and settings
   * that already have the value stay as they are.
   *
   * @param isDryRun true: nothing is changed
   * @throws as `change`
   */
  importAll(settings: Texts, isDryRun: boolean): Promise<SettingsChange> {
    return this.changes.run(async () => {
      const plan = this.plan(this.differences(settings));
      return isDryRun ? { changed: plan.changed } : await this.carryOut(plan);
    });
  }

  /** @param text null: it cannot be decrypted */
  private takeStored(name: string, text: string | null): void {
    const field = fieldOf(name);
    const setting = field === undefined ? null : declarationOf(field);
    const ignore = (reason: IgnoredSetting['reason'], detail: string): void => {
      const value = setting === null || setting.isSecret ? MASK : (text ?? '');
      this.ignored.push({ name, value, reason, detail });
    };
    if (field === undefined || setting === null) {
      ignore('unknown', `${name} ${describeUnknown(name)}`);
      return;
    }
    const lockedBy = this.decided.get(field)?.names;
    const value = text === null ? undefined : setting.type.parse(text, this.machine);
    if (setting.change === 'environment_only') {
      ignore('environment_only', `${name} can only be set in the environment`);
    } else if (lockedBy !== undefined) {
      ignore('locked', `${lockedBy} is set and wins`);
    } else if (text === null) {
      ignore('invalid', `${name} was encrypted with another user-key in DATA_DIR; set it again`);
    } else if (value === undefined) {
      ignore('invalid', describeRefused(setting, text));
    } else {
      this.stored.set(field, text);
      this.next = { ...this.next, [field]: value };
    }
  }

  /** Drops stored values that contradict the environment, which may have changed since they were stored. */
  private dropContradictions(): void {
    for (;;) {
      const found = findContradictions(this.next, this.nameOf).find(({ fields }) =>
        fields.some((field) => this.stored.has(field)),
      );
      if (found === undefined) return;
      for (const field of found.fields) {
        const text = this.stored.get(field);
        if (text === undefined) continue;
        this.stored.delete(field);
        this.next = { ...this.next, [field]: this.parse(field, null) };
        const { variable: name, isSecret } = declarationOf(field);
        const value = isSecret ? MASK : text;
        this.ignored.push({ name, value, reason: 'contradiction', detail: found.line });
      }
    }
  }

  private stateOf(field: ConfigField): SettingState {
    const setting = declarationOf(field);
    const { defaultText, isSecret } = setting;
    const decided = this.decided.get(field);
    const isLive = setting.change === 'at_once';
    const inForce = (isLive ? this.stored : this.storedAtStart).get(field);
    const text = decided?.text ?? inForce ?? defaultText;
    const later = decided?.text ?? this.stored.get(field) ?? defaultText;
    const show = (shown: string): string => (isSecret && shown !== '' ? MASK : shown);
    return {
      setting,
      value: show(text),
      source: decided?.source ?? (inForce === undefined ? 'default' : 'api'),
      lockedBy: decided?.names ?? null,
      pending: later === text ? null : show(later),
    };
  }

  private plan(given: Texts): Plan {
    const fields = [...given].map(([name, text]) => [this.mayChange(name, text), text] as const);
    const faults = [...new Set(fields)].flatMap(([field, text]) => this.faultsOf(field, text));
    if (faults.length > 0) throw refused(faults);
    const stored = new Map(this.stored);
    const values: Partial<Record<ConfigField, unknown>> = {};
    const rows = new Map<string, string | null>();
    const changed: string[] = [];
    let { next } = this;
    for (const [name, text] of given) {
      const field = fieldOf(name);
      if (field === undefined || declarationOf(field).change === 'environment_only') {
        // A stored value that no setting has any longer, or that only the environment may set; null removes it.
        rows.set(name, null);
        continue;
      }
      if (text === MASK && declarationOf(field).isSecret) continue;
      rows.set(name, text);
      if ((stored.get(field) ?? null) === text) continue;
      changed.push(name);
      if (text === null) stored.delete(field);
      else stored.set(field, text);
      const value = this.parse(field, text);
      next = { ...next, [field]: value };
      if (declarationOf(field).change === 'at_once') values[field] = value;
    }
    // Each value was parsed by the type of its own field.
    const live = values as Partial<AppConfig>;
    this.mustFit(next);
    this.mustFit({ ...this.live.values, ...live });
    return { rows, stored, values: live, next, changed };
  }

  /** The field of a setting that the API may change; null for a stored value of an unknown name, which may be removed. */
  private mayChange(name: string, text: string | null): ConfigField | null {
    const field = fieldOf(name);
    const isRemoval = text === null && this.ignored.some((one) => one.name === name);
    if (field === undefined) {
      if (isRemoval) return null;
      throw refused([`${name} ${describeUnknown(name)}`]);
    }
    if (declarationOf(field).change === 'environment_only') {
      if (isRemoval) return null;
      throw new AppError(
        'forbidden',
        `${name} can only be set in the environment, with a restart.`,
      );
    }
    const lockedBy = this.decided.get(field)?.names;
    if (lockedBy !== undefined) {
      throw new AppError('conflict', `${name} is locked: ${lockedBy} is set and wins.`);
    }
    return field;
  }

  private faultsOf(field: ConfigField | null, text: string | null): string[] {
    if (field === null || text === null) return [];
    const setting = declarationOf(field);
    if (setting.isSecret && text === MASK) return [];
    const isValid = setting.type.parse(text, this.machine) !== undefined;
    return isValid ? [] : [describeRefused(setting, text)];
  }

  private mustFit(config: AppConfig): void {
    const found = findContradictions(config, this.nameOf);
    if (found.length > 0) throw refused(found.map(({ line }) => line));
  }

  private async carryOut({ rows, stored, values, next, changed }: Plan): Promise<SettingsChange> {
    if (rows.size > 0) await this.store.write(rows);
    this.stored = stored;
    this.next = next;
    this.ignored = this.ignored.filter(({ name }) => !rows.has(name));
    try {
      this.live.apply(values);
    } catch (error) {
      this.logger.error({ err: error }, 'a changed setting may need a restart');
    }
    if (changed.length > 0) this.logger.log(`changed with the API: ${changed.join(', ')}`);
    return { changed };
  }

  /** The changes that lead to the settings of an export. */
  private differences(settings: Texts): Texts {
    const changes = new Map<string, string | null>();
    const states = new Map(this.list().map((state) => [state.setting.variable, state]));
    for (const [name, text] of settings) {
      const state = states.get(name);
      const isAsItIs = text === MASK && state?.setting.isSecret === true;
      const isLocked = state !== undefined && state.lockedBy !== null;
      if (isAsItIs || (isLocked && state.value === text)) continue;
      changes.set(name, text);
    }
    const present = [...this.stored.keys()].map((field) => declarationOf(field).variable);
    const useless = this.ignored.filter(({ reason }) => reason !== 'locked');
    for (const name of [...present, ...useless.map((one) => one.name)]) {
      if (!settings.has(name)) changes.set(name, null);
    }
    return changes;
  }

  private parse(field: ConfigField, text: string | null): unknown {
    const { type, defaultText } = declarationOf(field);
    return type.parse(text ?? defaultText, this.machine);
  }

  private readonly nameOf = (field: ConfigField): string =>
    this.decided.get(field)?.names ?? declarationOf(field).variable;
}

function refused(lines: readonly string[]): AppError {
  return new AppError('invalid_request', `${lines.join('; ')}.`);
}
