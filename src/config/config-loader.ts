import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type AppConfig, type ConfigField, SETTINGS } from './app-config';
import { findContradictions, findIdle, type NameOf } from './contradictions';
import { describeDeprecations, type FoundSetting } from './deprecations';
import { describeForeignName } from './foreign-names';
import {
  type ConfigSource,
  describeInvalid,
  type Environment,
  findGivenValues,
  listOf,
  namesOf,
  sourceOf,
} from './given-value';
import { type Machine, THIS_MACHINE } from './machine';
import { findIntendedName } from './misspelling';
import { fileVariable, type Setting } from './setting';

/** The configuration is invalid. One line per problem: variable, value and allowed values. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

export interface LoadedConfig {
  readonly config: AppConfig;
  /** One line per warning: no setting is invalid, but the operator should know. */
  readonly warnings: readonly string[];
  /** The settings that the environment or a file decides. */
  readonly decided: ReadonlyMap<ConfigField, DecidedSetting>;
}

export interface DecidedSetting {
  readonly source: 'env' | 'file';
  /** The value as text of the setting's own variable. */
  readonly text: string;
  /** The variables that were set, and where: `ACEXY_HOST and ACEXY_PORT in .env`. */
  readonly names: string;
}

/**
 * Builds the configuration from one set of variables, without the file `.env`.
 * @throws ConfigError with one line per variable whose value is not allowed.
 */
export function loadConfig(env: Environment, machine: Machine = THIS_MACHINE): AppConfig {
  return resolveConfig([{ place: '', variables: env }], machine).config;
}

/**
 * Builds the configuration of this process from its environment and, with lower priority, the file `.env` in `cwd`.
 * @throws ConfigError like `loadConfig`, and if the file exists but cannot be read.
 */
export function loadProcessConfig(
  cwd = process.cwd(),
  env: Environment = process.env,
): LoadedConfig {
  const file = { place: ' in .env', variables: readEnvFile(join(cwd, '.env')), isFile: true };
  return resolveConfig([{ place: '', variables: env }, file], THIS_MACHINE);
}

/** Collects all problems before it throws, so that an operator can correct them in one go. */
export function resolveConfig(sources: readonly ConfigSource[], machine: Machine): LoadedConfig {
  const settings = Object.entries(SETTINGS) as [ConfigField, Setting<unknown>][];
  const found = new Map(settings.map(([field, setting]) => [field, find(setting, sources)]));
  const problems = [...found.values()].flatMap((setting) => findProblems(setting, machine));
  // One variable may give the values of two settings.
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);

  const values = [...found].map(([field, setting]) => [field, parse(setting, machine)]);
  // Every declared field has its parsed value here, but the mapped type cannot follow Object.entries.
  const config = Object.freeze(Object.fromEntries(values)) as AppConfig;
  const nameOf: NameOf = (field) => {
    const chosen = found.get(field)?.chosen;
    return chosen === undefined ? SETTINGS[field].variable : namesOf(chosen);
  };
  const contradictions = findContradictions(config, nameOf);
  if (contradictions.length > 0) throw new ConfigError(contradictions.map(({ line }) => line));
  const warnings = [
    ...sources.flatMap(findUnknownNames),
    ...describeDeprecations([...found.values()]),
    ...findIdle(config, nameOf),
  ];
  const decided = [...found].flatMap(([field, { setting, chosen }]) =>
    chosen?.text === undefined
      ? []
      : [
          [
            field,
            { source: sourceOf(setting, chosen), text: chosen.text, names: namesOf(chosen) },
          ] as const,
        ],
  );
  return { config, warnings, decided: new Map(decided) };
}

function find(setting: Setting<unknown>, sources: readonly ConfigSource[]): FoundSetting {
  const values = findGivenValues(setting, sources);
  return { setting, values, chosen: values.find(({ text }) => text !== '') };
}

function findProblems({ setting, values, chosen }: FoundSetting, machine: Machine): string[] {
  const own = values.filter(({ alias }) => alias === null);
  if (own.length > 1) {
    return [`${listOf(own.map(namesOf))} are both set: allowed is one of them`];
  }
  const isValid = parse({ setting, values, chosen }, machine) !== undefined;
  return isValid || chosen === undefined ? [] : [describeInvalid(setting, chosen)];
}

function parse({ setting, chosen }: FoundSetting, machine: Machine): unknown {
  const text = chosen === undefined ? setting.defaultText : chosen.text;
  return text === undefined ? undefined : setting.type.parse(text, machine);
}

/** Variables that were meant for acefleet, but have no effect. */
function findUnknownNames({ place, variables }: ConfigSource): string[] {
  const known = Object.values<Setting<unknown>>(SETTINGS).flatMap((setting) => [
    setting.variable,
    ...(setting.isSecret ? [fileVariable(setting)] : []),
    ...setting.aliases.flatMap(({ names }) => names),
  ]);
  return Object.entries(variables).flatMap(([name, text]) => {
    if (known.includes(name)) return [];
    const foreign = describeForeignName(name);
    // Compose files pass `${NAME:-}` for a variable that is not set.
    if (foreign !== null) return text?.trim() ? [`${name}${place} is ignored: ${foreign}`] : [];
    const intended = findIntendedName(name, known);
    return intended === null
      ? []
      : [`${name}${place} is unknown and ignored: did you mean ${intended}?`];
  });
}

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return {};
    throw new ConfigError([
      `.env cannot be read (${code ?? String(error)}): allowed is a text file or none`,
    ]);
  }
}
