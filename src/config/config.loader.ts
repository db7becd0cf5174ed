import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type AppConfig, SETTINGS } from './app-config';
import { type Machine, THIS_MACHINE } from './machine';
import { findIntendedName } from './misspelling';
import { type Setting } from './setting';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration is invalid. One line per problem: variable, value and allowed values. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Variables from one source. The first source that contains a setting under any of its names wins. */
export interface ConfigSource {
  /** The source's name for error messages; empty for the process's environment. */
  readonly place: string;
  readonly variables: Environment;
}

export interface LoadedConfig {
  readonly config: AppConfig;
  /** One line per warning: no setting is invalid, but the operator should know. */
  readonly warnings: readonly string[];
}

/** Longer values are cut in error messages, so that each problem stays one readable line. */
const MAX_SHOWN_VALUE = 100;

/**
 * Builds the configuration from one set of variables, without any file.
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
  const file = { place: ' in .env', variables: readEnvFile(join(cwd, '.env')) };
  return resolveConfig([{ place: '', variables: env }, file], THIS_MACHINE);
}

/** Collects all problems before it throws, so that an operator can correct them in one go. */
export function resolveConfig(sources: readonly ConfigSource[], machine: Machine): LoadedConfig {
  const problems: string[] = [];
  const warnings = sources.flatMap(findMisspellings);
  const values = Object.entries<Setting<unknown>>(SETTINGS).map(([field, setting]) => {
    const given = findGiven(setting, sources);
    if (given === null) return [field, setting.type.parse(setting.defaultText, machine)];
    const value = setting.type.parse(given.text, machine);
    if (value === undefined) problems.push(describeProblem(setting, given));
    return [field, value];
  });
  if (problems.length > 0) throw new ConfigError(problems);

  // Every declared field has its parsed value here, but the mapped type cannot follow Object.entries.
  const config = Object.freeze(Object.fromEntries(values)) as AppConfig;
  const contradictions = findContradictions(config);
  if (contradictions.length > 0) throw new ConfigError(contradictions);
  return { config, warnings: [...warnings, ...findIdle(config)] };
}

interface GivenValue {
  readonly name: string;
  readonly text: string;
  readonly place: string;
}

/** An empty variable counts as not set, because compose files pass `${NAME:-}`. */
function findGiven(setting: Setting<unknown>, sources: readonly ConfigSource[]): GivenValue | null {
  for (const { place, variables } of sources) {
    for (const name of [setting.variable, ...setting.aliases]) {
      const text = variables[name]?.trim() ?? '';
      if (text !== '') return { name, text, place };
    }
  }
  return null;
}

function describeProblem(setting: Setting<unknown>, { name, text, place }: GivenValue): string {
  const cut = text.length > MAX_SHOWN_VALUE ? `${text.slice(0, MAX_SHOWN_VALUE)}…` : text;
  const shown = setting.secret ? '(hidden)' : JSON.stringify(cut);
  return `${name}=${shown}${place} is not valid: allowed is ${setting.type.allowed}`;
}

/** Finds settings that are valid alone but not together. */
function findContradictions(config: AppConfig): string[] {
  const lines: string[] = [];
  if (config.engineDriver === 'static' && config.engineAddresses.length === 0) {
    const { variable, type } = SETTINGS.engineAddresses;
    lines.push(`${variable}="" is not valid with ENGINE_DRIVER=static: allowed is ${type.allowed}`);
  }
  if (config.engineDriver !== 'docker' && config.vpnContainers.length > 0) {
    const names = config.vpnContainers.map(({ name }) => name).join(',');
    lines.push(
      `VPN_CONTAINERS=${JSON.stringify(names)} is not valid with ENGINE_DRIVER=${config.engineDriver}: allowed is none, because only engines of ENGINE_DRIVER=docker can join the network of a container`,
    );
  }
  for (const { name, ports } of config.vpnContainers) {
    const { from, to } = ports ?? config.portRangeHost;
    if (config.vpnControlPort < from || config.vpnControlPort > to) continue;
    lines.push(
      `VPN_CONTROL_PORT=${config.vpnControlPort} is not valid: allowed is a port outside of ${from}-${to}, which is for engines behind ${name}`,
    );
  }
  const usesContainers = config.engineDriver !== 'static' && config.engineDriver !== 'simulator';
  if (usesContainers && config.engineProfile === 'generic' && config.engineImage === null) {
    const { variable, type } = SETTINGS.engineImage;
    lines.push(
      `${variable}="" is not valid with ENGINE_PROFILE=generic: allowed is ${type.allowed}`,
    );
  }
  if (config.maxReplicas < config.minReplicas) {
    lines.push(
      `MAX_REPLICAS=${config.maxReplicas} is not valid: allowed is at least MIN_REPLICAS, which is ${config.minReplicas}`,
    );
  }
  if (config.engineRetryMaxMs < config.engineRetryBaseMs) {
    lines.push(
      `ENGINE_RETRY_MAX=${config.engineRetryMaxMs}ms is not valid: allowed is at least ENGINE_RETRY_BASE, which is ${config.engineRetryBaseMs}ms`,
    );
  }
  if (config.proxyRetryMaxMs < config.proxyRetryBaseMs) {
    lines.push(
      `PROXY_RETRY_MAX=${config.proxyRetryMaxMs}ms is not valid: allowed is at least PROXY_RETRY_BASE, which is ${config.proxyRetryBaseMs}ms`,
    );
  }
  return lines;
}

/** Finds settings that have no effect because of other settings. */
function findIdle({ engineDriver, engineAddresses }: AppConfig): string[] {
  const areUsed = engineDriver === 'auto' || engineDriver === 'static';
  if (areUsed || engineAddresses.length === 0) return [];
  return [
    `ENGINE_ADDRESSES is ignored with ENGINE_DRIVER=${engineDriver}: it needs ENGINE_DRIVER=static`,
  ];
}

function findMisspellings({ place, variables }: ConfigSource): string[] {
  const known = Object.values<Setting<unknown>>(SETTINGS).flatMap((s) => [
    s.variable,
    ...s.aliases,
  ]);
  return Object.keys(variables).flatMap((name) => {
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
