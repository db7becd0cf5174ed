import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelDirectory, SourceRecords } from '../../channels';
import { loadConfig, type AppConfig } from '../../config';
import { StagedEngines } from '../../engines/testing/staged-engines.spec-support';
import { EventBus, type RecordedEvent } from '../../events';
import type { ContentSelector, SourceKind, SourceSelector } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';
import { DataFolder } from '../../storage';
import {
  ContentAliases,
  EngineSources,
  LiveStreams,
  SourceRotations,
  StreamReporters,
  type FileHost,
  type LiveStream,
} from '../live';
import { NegativeCache, StreamRegistry } from '../streams';
import { BacklogScheduler, type Viewer } from '../viewers';
import { Loopback, type Pair } from './loopback.spec-support';
import { ManualJobs } from './manual-jobs.spec-support';
import { RecordedLog } from './recorded-log.spec-support';
import { ScriptedAce } from './scripted-ace.spec-support';
import type { ScriptedSource } from './scripted-source.spec-support';
import { until, within } from './until.spec-support';
import { someViewer } from './viewers.spec-support';

/**
 * Waits that are seconds in production are tens of milliseconds here. What is lost when it is late is never late: sources
 * give all at once and then nothing, and on a busy machine a test is slower than any short time.
 */
const QUICK = {
  PROXY_RETRY_BASE: '10ms',
  PROXY_RETRY_MAX: '20ms',
  PROXY_KEEPALIVE_AFTER: '1m',
  PROXY_KEEPALIVE_INTERVAL: '50ms',
  PROXY_STALL_TIMEOUT: '10m',
  PROXY_OUTAGE_BUDGET: '1h',
  PROXY_INIT_TIMEOUT: '1m',
  PROXY_STABLE_AFTER: '300ms',
};

/** For tests of silence. Between two of its ends there is time for whatever a test looks at. */
export const IMPATIENT = {
  PROXY_KEEPALIVE_AFTER: '100ms',
  PROXY_STALL_TIMEOUT: '2s',
  PROXY_OUTAGE_BUDGET: '30s',
};

const CLOSE_MS = 20_000;

export interface StageOptions {
  readonly engines?: number;
  readonly slots?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Joined {
  readonly viewer: Viewer;
  readonly session: LiveStream;
  /** How the start went for this viewer. */
  readonly ready: Promise<LiveStream>;
}

export function selector(value: string, kind: SourceKind = 'content_id', fileIndex = 0) {
  return { kind, value: value.repeat(40).slice(0, 40), fileIndex } satisfies SourceSelector;
}

/** Sessions as in production, on engines that the test moves, with jobs that run when told and real sockets. */
export class SessionStage {
  readonly ace = new ScriptedAce();
  readonly jobs = new ManualJobs(({ name, data }) => {
    if (name === 'stream.grace') void this.directory.endAfterGrace(data);
  });
  readonly log = new RecordedLog();
  readonly events: RecordedEvent[] = [];
  readonly records = new SourceRecords();
  readonly catchUp = new BacklogScheduler();
  readonly engines: StagedEngines;
  readonly aliases: ContentAliases;
  readonly streams: StreamRegistry;
  readonly faults: NegativeCache;
  /** Where contents go that turn out to be files; null: nowhere. */
  files: FileHost | null = null;
  readonly directory: LiveStreams;
  readonly sources: EngineSources;
  readonly reporters: StreamReporters;
  private readonly bus = new EventBus();

  private constructor(
    readonly config: AppConfig,
    private readonly loopback: Loopback,
    readonly channels: ChannelDirectory,
    options: StageOptions,
  ) {
    this.engines = StagedEngines.withEngines(options.engines ?? 2, options.slots ?? 3, config);
    const { scheduler, registry, health } = this.engines;
    this.sources = new EngineSources(config, this.ace, scheduler, registry, health);
    this.reporters = new StreamReporters(this.bus, this.log.asLogger());
    this.aliases = new ContentAliases(new DataFolder(config.dataDir));
    this.streams = new StreamRegistry(config);
    this.faults = new NegativeCache(config.negativeCacheTtlMs, monotonicMs);
    this.directory = new LiveStreams(
      config,
      this.streams,
      this.faults,
      this.aliases,
      new SourceRotations(channels, this.records),
      this.reporters,
      this.sources,
      this.jobs,
      this.catchUp,
      new SteadyWallClock(),
      {
        take: (found) => this.files?.take(found) ?? false,
        learn: (...found) => this.files?.learn(...found) ?? false,
      },
    );
    this.directory.onModuleInit();
    this.bus.subscribe((event) => this.events.push(event));
  }

  static async open(options: StageOptions = {}): Promise<SessionStage> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sessions-'));
    const config = loadConfig({ ...QUICK, DATA_DIR: dataDir, ...options.env });
    const channels = await ChannelDirectory.open(config.channelsFile, new DataFolder(dataDir));
    return new SessionStage(config, await Loopback.open(), channels, options);
  }

  /** @throws what did not come to its end, long before the runner would say that something did not */
  async close(): Promise<void> {
    const ended = this.directory.onModuleDestroy();
    try {
      await within(CLOSE_MS, 'sessions and what they have at engines', ended);
      await within(CLOSE_MS, 'the file of aliases', this.aliases.onModuleDestroy());
    } finally {
      this.catchUp.onModuleDestroy();
      this.engines.scheduler.onModuleDestroy();
      this.bus.onApplicationShutdown();
      this.loopback.close();
    }
    await rm(this.config.dataDir, { recursive: true });
  }

  /** A viewer asks for a content. */
  join(content: ContentSelector, ip?: string): Joined {
    const viewer = someViewer(ip);
    const session = this.directory.join(content, viewer);
    const { ready } = session;
    ready.catch(() => undefined);
    return { viewer, session, ready };
  }

  leave({ viewer }: Joined): void {
    viewer.leave('hung_up');
  }

  /** Gives a viewer who has waited its socket. */
  async attach({ viewer, ready }: Joined): Promise<Pair> {
    const session = await ready;
    const pair = await this.loopback.pair();
    pair.read();
    session.attachViewer(viewer, pair.near, this.config.proxyJoinBehindMs);
    return pair;
  }

  /** The n-th playback that was opened, as soon as it is. */
  source(n: number): Promise<ScriptedSource> {
    return until(() => this.ace.sources[n - 1], `source ${n}`);
  }

  /** A session that plays, with the viewer who asked for it. */
  async live(content: ContentSelector): Promise<Joined> {
    const next = this.ace.sources.length + 1;
    const joined = this.join(content);
    (await this.source(next)).play(30);
    await joined.ready;
    return joined;
  }

  /** Types of what was published, once all of it was told. */
  async told(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.events.map(({ type }) => type);
  }
}
