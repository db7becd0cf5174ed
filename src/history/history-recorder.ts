import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ChannelDirectory } from '../channels';
import { type AppConfig, CONFIG } from '../config';
import { JobHandler, Jobs } from '../coordination';
import { EventBus } from '../events';
import { monotonicMs } from '../kernel/clock';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import { StreamFigures } from '../proxy';
import { DataFolder, type HistoryBatch, HistoryStore } from '../storage';
import { InstallationSampler } from './installation-sampler';
import type { MetricName } from './metric';
import { SampleBuffer } from './sample-buffer';
import { KEPT_S, SAMPLE_S, STORED_STEPS_S } from './series';
import { StreamTracker } from './stream-tracker';

/** A crash loses at most the records of this time. */
const WRITE_EVERY_MS = 60_000;
/** Without streams, so that a disk may sleep. */
const IDLE_WRITE_EVERY_MS = 15 * 60_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A reader finds what happened until this long ago. */
const FRESH_MS = 10_000;
/** About 60 MB. The oldest are deleted, also before HISTORY_DAYS. */
const MAX_STREAMS = 200_000;
/** Statements of one run, each of which deletes some rows. The next run continues. */
const MAX_PRUNINGS = 200;
const DAY_MS = 86_400_000;

/**
 * Records what streams and the installation do. Everything is collected in memory, and written once a minute: if the disk
 * refuses it, streams do not notice, and the oldest records are lost when there are too many.
 */
@Injectable()
export class HistoryRecorder implements OnModuleInit, OnApplicationShutdown {
  readonly store: HistoryStore;
  private readonly logger = new Logger('History');
  private readonly samples = new SampleBuffer();
  private readonly tracker: StreamTracker;
  private readonly writes = new SerialQueue();
  private writtenMs = -Infinity;
  /** What the disk refused. It is written again as it is, because it may have been written in spite of the error. */
  private refused: HistoryBatch | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'historyDays'>,
    folder: DataFolder,
    private readonly sampler: InstallationSampler,
    private readonly figures: StreamFigures,
    private readonly jobs: Jobs,
    events: EventBus,
    channels: ChannelDirectory,
  ) {
    this.store = new HistoryStore(folder);
    this.tracker = new StreamTracker((id) => channels.get(id)?.name ?? null, {
      monotonicMs,
      wallMs: () => Date.now(),
    });
    // Never unsubscribed, because the bus has the same lifetime.
    events.subscribe((event) => this.tracker.apply(event));
  }

  onModuleInit(): void {
    this.jobs.every('history.sample', SAMPLE_S * 1000);
    this.jobs.every('history.write', WRITE_EVERY_MS);
    this.jobs.every('history.prune', PRUNE_EVERY_MS);
    // The first speeds are computed from here on.
    this.sampler.take();
  }

  /** Streams and steps of samples that were lost since the start because they could not be written. */
  get lost(): { readonly streams: number; readonly steps: number } {
    return { streams: this.tracker.lost, steps: this.samples.lost };
  }

  /** Time of the oldest sample in memory, in seconds since 1970; Infinity without one. */
  get recentSinceS(): number {
    return this.samples.recentSinceS;
  }

  /** The samples of the last 15 minutes. */
  listRecent(name: MetricName): ReturnType<SampleBuffer['listRecent']> {
    return this.samples.listRecent(name);
  }

  @JobHandler('history.sample')
  sample(): void {
    this.samples.add(Math.floor(Date.now() / 1000), this.sampler.take());
  }

  @JobHandler('history.write')
  async writeIfDue(): Promise<void> {
    const isIdle = !this.tracker.hasChanges;
    if (isIdle && monotonicMs() - this.writtenMs < IDLE_WRITE_EVERY_MS) return;
    await this.write();
  }

  @JobHandler('history.prune')
  async prune(_: null, signal?: AbortSignal): Promise<void> {
    const nowMs = Date.now();
    const keptMs = this.config.historyDays * DAY_MS;
    const prunings = [
      () => this.store.pruneStreams(nowMs - keptMs, MAX_STREAMS),
      ...STORED_STEPS_S.map((stepS) => () => {
        const seconds = KEPT_S[stepS] ?? keptMs / 1000;
        return this.store.pruneSeries(stepS, Math.floor(nowMs / 1000 - seconds));
      }),
    ];
    try {
      let left = MAX_PRUNINGS;
      for (const deleteSome of prunings) {
        while (left-- > 0 && signal?.aborted !== true && (await deleteSome()));
      }
    } catch (error) {
      // The storage has logged it, and the next run continues.
      if (!(error instanceof AppError)) throw error;
    }
  }

  /** Call before the history is read. Never rejects. */
  async refresh(): Promise<void> {
    const isOld = monotonicMs() - this.writtenMs > FRESH_MS;
    const hasNews = this.tracker.hasEnded || (isOld && !this.isEmpty);
    if (hasNews) await this.write();
  }

  /** Deletes everything except what is known about running streams. @throws as `HistoryStore.clear` */
  async clear(): Promise<void> {
    await this.writes.run(async () => {
      await this.store.clear();
      this.refused = null;
      this.tracker.clear();
      this.samples.clear();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.isEmpty) await this.write();
  }

  private get isEmpty(): boolean {
    // The first write also marks what a former process left behind as interrupted.
    if (this.writtenMs === -Infinity || this.refused !== null) return false;
    return this.samples.isEmpty && !this.tracker.hasChanges;
  }

  private write(): Promise<void> {
    return this.writes.run(() => this.writeNow());
  }

  private async writeNow(): Promise<void> {
    const wasRefused = this.refused !== null;
    this.writtenMs = monotonicMs();
    if (this.refused !== null && !(await this.tryToWrite(this.refused))) return;
    this.tracker.refresh(this.figures.running());
    const batch = { id: randomUUID(), ...this.tracker.take(), buckets: this.samples.take() };
    if (!(await this.tryToWrite(batch)) || !wasRefused) return;
    const { streams, steps } = this.lost;
    const facts = { lost_streams: streams, lost_steps: steps };
    this.logger.log(facts, 'the history can be written again');
  }

  /** Returns false if the disk refuses it. */
  private async tryToWrite(batch: HistoryBatch): Promise<boolean> {
    try {
      await this.store.write(batch);
      this.refused = null;
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) {
        this.refused = null;
        this.logger.error({ err: error }, 'a part of the history cannot be written; it is lost');
        return true;
      }
      if (this.refused === null) {
        const what = 'the history cannot be written; the oldest records are lost if this lasts';
        this.logger.warn({ reason: error.detail }, what);
      }
      this.refused = batch;
      return false;
    }
  }
}
