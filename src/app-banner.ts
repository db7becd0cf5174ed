import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApiKeys, SignInLinks } from './access';
import { PRODUCT_NAME, productVersion } from './app-version';
import { type AppConfig, CONFIG } from './config';
import { describeRedis } from './coordination';
import { type DemoChannel, EngineSupply } from './engines';
import { connectionLimit, type ConnectionNeeds } from './http';

/** Connections of a household besides viewers: admin calls, supervisors, players that probe. */
const OTHER_CALLERS = 244;

const SHORT_KEY =
  'the API key has fewer than 16 characters and could be guessed: set a longer API_KEY, or unset it so that a key is generated';

/** Not through npm, which the image does not contain. */
const LOGIN_COMMAND = 'node bin/acefleet.mjs login';
const SHOWS_LINK = `sign in: ${LOGIN_COMMAND}, in a container: docker exec NAME ${LOGIN_COMMAND}`;

const ANY_HOST: ReadonlySet<string> = new Set(['::', '0.0.0.0', '']);

const ONLY_DEMO = 'no real engine: only these demo channels play, every other content is unknown';

export interface Banner {
  /** The program's addresses and settings, in the order in which a reader needs them. */
  readonly lines: readonly string[];
  /** Problems that the operator should solve. */
  readonly warnings: readonly string[];
}

type BannerConfig = Pick<
  AppConfig,
  'host' | 'publicUrl' | 'dataDir' | 'redisUrl' | 'streamAccess'
> &
  ConnectionNeeds;

/** What the start prints. */
@Injectable()
export class StartBanner implements OnModuleInit {
  private demoChannels: Promise<readonly DemoChannel[]> = Promise.resolve([]);

  constructor(
    @Inject(CONFIG) private readonly config: BannerConfig,
    @Inject(EngineSupply) private readonly engines: Pick<EngineSupply, 'chosen' | 'demoChannels'>,
    @Inject(ApiKeys) private readonly keys: Pick<ApiKeys, 'isMainKeyShort'>,
    @Inject(SignInLinks) private readonly links: Pick<SignInLinks, 'create'>,
  ) {}

  /** Requests the demo channels during the start, so that the banner does not wait for them. */
  onModuleInit(): void {
    if (this.engines.chosen.kind === 'simulator') this.demoChannels = this.engines.demoChannels();
  }

  /**
   * @param port that the server listens on
   * @param isTerminal true if only the operator reads the lines: they may then contain a link that signs in
   * @param descriptorLimit maximum number of open files of this process; null if unknown
   */
  async describe(
    port: number,
    isTerminal: boolean,
    descriptorLimit: number | null,
    configWarnings: readonly string[],
  ): Promise<Banner> {
    const { config } = this;
    const { kind, why, isFallback } = this.engines.chosen;
    const base = baseAddress(config, port);
    const demo = (await this.demoChannels).map(
      ({ name, id }) => `demo channel ${name}: ${playerAddress(base, id)}`,
    );
    return {
      lines: [
        `${PRODUCT_NAME} ${productVersion()}`,
        `engines: ${kind} (${why})`,
        `store: embedded, ${config.dataDir}`,
        ...describeJobs(config.redisUrl),
        `admin: ${base}/docs (${SHOWS_LINK})`,
        ...(isTerminal
          ? [`sign in: ${base}${this.links.create(null)} (works once, within 10 minutes)`]
          : []),
        `player: ${playerAddress(config.streamAccess === 'open' ? base : `${base}/t/{token}`, '{id}')}`,
        config.streamAccess === 'open'
          ? 'streams are open to anyone who can reach this address'
          : 'streams need the token of a user (STREAM_ACCESS); the admin API creates users',
        ...(isFallback ? [] : demo),
      ],
      warnings: [
        ...(isFallback ? [ONLY_DEMO, ...demo] : []),
        ...describeDescriptors(config, descriptorLimit),
        ...(this.keys.isMainKeyShort ? [SHORT_KEY] : []),
        ...configWarnings,
      ],
    };
  }
}

function describeJobs(redisUrl: string | null): string[] {
  if (redisUrl === null) return [];
  return [
    `jobs: with copies in ${describeRedis(redisUrl)} (REDIS_URL does not join several instances yet)`,
  ];
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

function baseAddress({ host, publicUrl }: BannerConfig, port: number): string {
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  const name = ANY_HOST.has(host) ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
