import { PRODUCT_NAME, productVersion } from './app-version';
import { type AppConfig } from './config';
import { describeRedis } from './coordination';
import { type DemoChannel, type DriverChoice } from './engines';
import { connectionLimit, type ConnectionNeeds } from './http';

/** Connections of a household besides viewers: admin calls, supervisors, players that probe. */
const OTHER_CALLERS = 244;

const SHORT_KEY =
  'the API key has fewer than 16 characters and could be guessed: set a longer API_KEY, or unset it so that a key is generated';

/** Not through npm, which the image does not contain. */
const KEY_COMMAND = 'node bin/acefleet.mjs key';
const SHOWS_KEY = `API key: ${KEY_COMMAND}, in a container: docker exec NAME ${KEY_COMMAND}`;

const ANY_HOST: ReadonlySet<string> = new Set(['::', '0.0.0.0', '']);

const ONLY_DEMO = 'no real engine: only these demo channels play, every other content is unknown';

export interface Banner {
  /** The program's addresses and settings, in the order in which a reader needs them. */
  readonly lines: readonly string[];
  /** Problems that the operator should solve. */
  readonly warnings: readonly string[];
}

export interface BannerFacts {
  readonly config: Pick<AppConfig, 'host' | 'publicUrl' | 'dataDir' | 'apiKey' | 'redisUrl'> &
    ConnectionNeeds;
  /** The port that the server listens on. */
  readonly port: number;
  readonly engines: DriverChoice;
  /** The contents that the simulator always plays. */
  readonly demoChannels: readonly DemoChannel[];
  /** Maximum number of open files of this process; null if unknown. */
  readonly descriptorLimit: number | null;
  readonly isKeyShort: boolean;
  readonly configWarnings: readonly string[];
}

export function describeStart(facts: BannerFacts): Banner {
  const { config, engines } = facts;
  const base = baseAddress(facts);
  const key = config.apiKey === null ? SHOWS_KEY : 'the API key is API_KEY';
  return {
    lines: [
      `${PRODUCT_NAME} ${productVersion()}`,
      `engines: ${engines.kind} (${engines.why})`,
      `store: embedded, ${config.dataDir}`,
      ...describeJobs(config.redisUrl),
      `admin: ${base}/docs (${key})`,
      `player: ${playerAddress(base, '{id}')}`,
      'streams are open to anyone who can reach this address',
      ...(engines.isFallback ? [] : describeDemo(facts.demoChannels, base)),
    ],
    warnings: [
      ...(engines.isFallback ? [ONLY_DEMO, ...describeDemo(facts.demoChannels, base)] : []),
      ...describeDescriptors(config, facts.descriptorLimit),
      ...(facts.isKeyShort ? [SHORT_KEY] : []),
      ...facts.configWarnings,
    ],
  };
}

function describeJobs(redisUrl: string | null): string[] {
  if (redisUrl === null) return [];
  return [
    `jobs: with copies in ${describeRedis(redisUrl)} (REDIS_URL does not join several instances yet)`,
  ];
}

function describeDemo(channels: readonly DemoChannel[], base: string): string[] {
  return channels.map(({ name, id }) => `demo channel ${name}: ${playerAddress(base, id)}`);
}

function describeDescriptors(needs: ConnectionNeeds, limit: number | null): string[] {
  const connections = connectionLimit(needs, limit);
  if (connections >= needs.proxyMaxClients + OTHER_CALLERS) return [];
  return [
    `the limit of open files is ${limit} and allows ${connections} connections, too few for ` +
      `PROXY_MAX_CLIENTS=${needs.proxyMaxClients} and ${OTHER_CALLERS} others: raise the limit (ulimit -n)`,
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
