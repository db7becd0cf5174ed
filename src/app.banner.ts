import { readFileSync } from 'node:fs';
import { PRODUCT_NAME, productVersion } from './app.version';
import { type AppConfig } from './config';
import { type DemoChannel, type DriverChoice } from './engines';

/** File descriptors beside those of viewers: engines, admin calls, the log, libraries. */
const SPARE_DESCRIPTORS = 500;

const SHORT_KEY =
  'the API key has fewer than 16 characters and could be guessed: set a longer API_KEY, or none so that one is made';

const ANY_HOST: ReadonlySet<string> = new Set(['::', '0.0.0.0', '']);

const ONLY_DEMO =
  'no real engine: only these demo channels play, everything else is unknown content';

export interface Banner {
  /** What is running and where, in the order in which a reader needs it. */
  readonly lines: readonly string[];
  /** What a reader should do something about. */
  readonly warnings: readonly string[];
}

export interface BannerFacts {
  readonly config: Pick<AppConfig, 'host' | 'publicUrl' | 'dataDir' | 'apiKey' | 'proxyMaxClients'>;
  /** The port that is really listened on. */
  readonly port: number;
  readonly engines: DriverChoice;
  /** What the simulator plays without anybody broadcasting it. */
  readonly demoChannels: readonly DemoChannel[];
  /** Most files this process may have open; null when unknown. */
  readonly descriptorLimit: number | null;
  readonly isKeyShort: boolean;
  readonly configWarnings: readonly string[];
}

export function describeStart(facts: BannerFacts): Banner {
  const { config, engines } = facts;
  const base = baseAddress(facts);
  const key = config.apiKey === null ? 'npm run key shows the API key' : 'the API key is API_KEY';
  return {
    lines: [
      `${PRODUCT_NAME} ${productVersion()}`,
      `engines: ${engines.kind} (${engines.why})`,
      `store: embedded, ${config.dataDir}`,
      `admin: ${base}/docs (${key})`,
      `player: ${playerAddress(base, '{id}')}`,
      'streams are open to whoever reaches this address',
      ...(engines.isStopgap ? [] : describeDemo(facts.demoChannels, base)),
    ],
    warnings: [
      ...(engines.isStopgap ? [ONLY_DEMO, ...describeDemo(facts.demoChannels, base)] : []),
      ...describeDescriptors(config.proxyMaxClients + SPARE_DESCRIPTORS, facts.descriptorLimit),
      ...(facts.isKeyShort ? [SHORT_KEY] : []),
      ...facts.configWarnings,
    ],
  };
}

/** Most files this process may have open, as the kernel says it; null where there is no such file. */
export function readDescriptorLimit(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

function describeDemo(channels: readonly DemoChannel[], base: string): string[] {
  return channels.map(({ name, id }) => `demo channel ${name}: ${playerAddress(base, id)}`);
}

function describeDescriptors(needed: number, limit: number | null): string[] {
  if (limit === null || limit >= needed) return [];
  return [
    `the limit of open files is ${limit}, but PROXY_MAX_CLIENTS asks for ${needed}: raise it (ulimit -n)`,
  ];
}

function playerAddress(base: string, id: string): string {
  return `${base}/ace/getstream?id=${id}`;
}

function baseAddress({ config, port }: BannerFacts): string {
  if (config.publicUrl !== null) return config.publicUrl.replace(/\/+$/, '');
  const host = ANY_HOST.has(config.host) ? 'localhost' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
