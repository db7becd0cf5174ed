import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StreamUser, UserActivity } from '../../access';
import { ChannelDirectory, SourceRecords } from '../../channels';
import { LiveConfig, loadConfig, type AppConfig, viewOf } from '../../config';
import { StagedEngines } from '../../engines/testing/staged-engines.spec-support';
import { EventBus, type RecordedEvent } from '../../events';
import type { ContentSelector, SourceKind, SourceSelector } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import { SteadyWallClock } from '../../kernel/steady-wall-clock';
import { MetricsRegistry } from '../../metrics';
import { DataFolder } from '../../storage';
import type { SpanRecord } from '../../tracing';
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
import { makeViewer } from './viewers.spec-support';

/**
 * Retry delays are tens of milliseconds, so that failovers are quick. The limits of silence are minutes: a scripted
 * source sends its frames at once and then falls silent, and a slow machine must not turn that into a stall.
 */
const SHORT_DELAYS = {
  PROXY_RETRY_BASE: '10ms',
  PROXY_RETRY_MAX: '20ms',
  PROXY_KEEPALIVE_AFTER: '1m',
  PROXY_KEEPALIVE_INTERVAL: '50ms',
  PROXY_STALL_TIMEOUT: '10m',
  PROXY_OUTAGE_BUDGET: '1h',
  PROXY_INIT_TIMEOUT: '1m',
  PROXY_STABLE_AFTER: '300ms',
};

/** For tests of silent sources. The limits are far enough apart for a test to observe the state between two of them. */
export const SHORT_SILENCE_LIMITS = {
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
  readonly stream: LiveStream;
  /** Settles with the stream that the viewer can watch, or with the error of the start. */
  readonly ready: Promise<LiveStream>;
}

export function selector(value: string, kind: SourceKind = 'content_id', fileIndex = 0) {
  return { kind, value: value.repeat(40).slice(0, 40), fileIndex } satisfies SourceSelector;
}

/** The production `LiveStreams` with scripted engines, jobs that run when the test calls `jobs.runAll`, and real sockets. */
export class LiveStage {
  readonly ace = new ScriptedAce();
  readonly jobs = new ManualJobs(({ name, data }) => {
    if (name === 'stream.grace') void this.directory.endAfterGrace(data);
  });
  readonly log = new RecordedLog();
  readonly events: RecordedEvent[] = [];
  readonly metrics = new MetricsRegistry();
  readonly traces: SpanRecord[] = [];
  readonly records = new SourceRecords();
  readonly backlog = new BacklogScheduler();
  readonly engines: StagedEngines;
  readonly aliases: ContentAliases;
  readonly streams: StreamRegistry;
  readonly faults: NegativeCache;
  /** Plays contents that turn out to be files; with null such a content is not supported. */
  files: FileHost | null = null;
  readonly config: AppConfig;
  readonly directory: LiveStreams;
  readonly sources: EngineSources;
  readonly reporters: StreamReporters;
  private readonly bus = new EventBus();

  private constructor(
    readonly settings: LiveConfig,
    private readonly loopback: Loopback,
    readonly channels: ChannelDirectory,
    options: StageOptions,
  ) {
    const config = settings.values;
    this.config = config;
    this.engines = StagedEngines.withEngines(options.engines ?? 2, options.slots ?? 3, config);
    const { scheduler, registry, health } = this.engines;
    this.sources = new EngineSources(config, this.ace, scheduler, registry, health);
    this.reporters = new StreamReporters(this.bus, this.log, this.metrics, {
      record: (span) => this.traces.push(span()),
    });
    this.aliases = new ContentAliases(new DataFolder(config.dataDir));
    this.streams = new StreamRegistry(
      config,
      { refusalOf: () => null, onRevocation: () => undefined },
      new UserActivity(),
    );
    this.faults = new NegativeCache(viewOf(config, { ttlMs: 'negativeCacheTtlMs' }), monotonicMs);
    this.directory = new LiveStreams(
      config,
      this.streams,
      this.faults,
      this.aliases,
      new SourceRotations(channels, this.records, registry),
      this.reporters,
      this.sources,
      this.jobs,
      this.backlog,
      new SteadyWallClock(),
      {
        take: (found) => this.files?.take(found) ?? false,
        learn: (...found) => this.files?.learn(...found) ?? false,
      },
      settings,
    );
    this.directory.onModuleInit();
    this.bus.subscribe((event) => this.events.push(event));
  }

  static async open(options: StageOptions = {}): Promise<LiveStage> {
    const dataDir = await mkdtemp(join(tmpdir(), 'live-stage-'));
    const settings = new LiveConfig(
      loadConfig({ ...SHORT_DELAYS, DATA_DIR: dataDir, ...options.env }),
    );
    const { channelsFile } = settings.values;
    const channels = await ChannelDirectory.open(channelsFile, new DataFolder(dataDir));
    return new LiveStage(settings, await Loopback.open(), channels, options);
  }

  /** @throws an error that names what has not ended, before the timeout of jest hides it */
  async close(): Promise<void> {
    const ended = this.directory.onModuleDestroy();
    try {
      await within(CLOSE_MS, 'streams and their engine sessions', ended);
      await within(CLOSE_MS, 'the file of aliases', this.aliases.onModuleDestroy());
    } finally {
      this.backlog.onModuleDestroy();
      this.engines.scheduler.onModuleDestroy();
      this.bus.onApplicationShutdown();
      this.loopback.close();
    }
    await rm(this.config.dataDir, { recursive: true });
  }

  /** A viewer asks for a content. */
  join(content: ContentSelector, ip?: string, user?: StreamUser): Joined {
    const viewer = makeViewer(ip, user);
    const stream = this.directory.join(content, viewer);
    const { ready } = stream;
    ready.catch(() => undefined);
    return { viewer, stream, ready };
  }

  leave({ viewer }: Joined): void {
    viewer.leave('hung_up');
  }

  /** Waits for the start, then attaches the viewer to a real socket. */
  async attach({ viewer, ready }: Joined): Promise<Pair> {
    const stream = await ready;
    const pair = await this.loopback.pair();
    pair.read();
    stream.attachViewer(viewer, pair.near, this.config.proxyJoinBehindMs);
    return pair;
  }

  /** Waits for the n-th opened playback, counted from 1. */
  source(n: number): Promise<ScriptedSource> {
    return until(() => this.ace.sources[n - 1], `source ${n}`);
  }

  /** Starts a stream and plays its first frames; resolves when the viewer who asked for it can watch. */
  async live(content: ContentSelector, user?: StreamUser): Promise<Joined> {
    const next = this.ace.sources.length + 1;
    const joined = this.join(content, undefined, user);
    (await this.source(next)).play(30);
    await joined.ready;
    return joined;
  }

  /** Types of all published events, after those that are still being delivered. */
  async publishedTypes(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.events.map(({ type }) => type);
  }
}
