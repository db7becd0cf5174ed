import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { JobHandler, Jobs } from '../coordination';
import { AppError } from '../kernel/errors';
import { settlesWithin } from '../kernel/wait';
import { type EventCounts, type EventFilter, EventStore } from '../storage';
import { EventBus } from './event-bus';
import { type LoggedEvent, matches, toLoggedEvent } from './logged-event';

/** Events of this time share a transaction. A killed process loses at most those. */
const BATCH_MS = 500;
/** More events per transaction would make the thread of the database hand over a message of megabytes. */
const BATCH_SIZE = 1000;
/** Interval between two attempts to write after the disk has refused. */
const RETRY_MS = 2000;
/** Events that wait for the disk. When there are more, the oldest ones are lost, to bound the memory. */
const MAX_WAITING = 10_000;
/** The newest events, which can be read while the disk does not answer. */
const MAX_RECENT = 1000;
/** A request for events waits this long for the disk. */
const READ_MS = 3000;
const RETENTION_INTERVAL_MS = 60_000;
/** Events removed per transaction: few, because other data wait for the disk meanwhile. */
const REMOVED_PER_STEP = 1000;
const DAY_MS = 86_400_000;

type EventLogConfig = Pick<AppConfig, 'eventLogSize' | 'eventLogDays'>;

export interface EventPage {
  /** In ascending order of the ids. */
  readonly events: readonly LoggedEvent[];
  /** False if the disk did not answer: only the newest events, which are in memory, were searched. */
  readonly isComplete: boolean;
}

export interface EventTotals extends EventCounts {
  readonly total: number;
  /** Events that are not on the disk yet. */
  readonly unwritten: number;
  /** Events since the start that are not in the log. */
  readonly lost: number;
  readonly isComplete: boolean;
}

/**
 * The events of the last EVENT_LOG_DAYS days, at most EVENT_LOG_SIZE. They are in the database; those that are not
 * written yet, and the newest ones, are in memory as well. Nothing waits for the disk but readers of the log.
 */
@Injectable()
export class EventLog implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(EventLog.name);
  /** Oldest first. */
  private waiting: LoggedEvent[] = [];
  private recent: LoggedEvent[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private dropped = 0;
  /** Number of rows in the database; null until it was counted. */
  private stored: number | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: EventLogConfig,
    private readonly bus: EventBus,
    private readonly store: EventStore,
    private readonly jobs: Jobs,
  ) {
    // Never unsubscribed, because log and bus have the same lifetime.
    bus.subscribe((event) => this.add(toLoggedEvent(event)));
  }

  onModuleInit(): void {
    this.jobs.every('events.retention', RETENTION_INTERVAL_MS);
  }

  /** Writes the rest, and the last id, with which the next process continues. */
  async onApplicationShutdown(): Promise<void> {
    this.bus.onApplicationShutdown();
    await this.write();
    // What came while the batch before it was written.
    await this.write();
    if (this.timer !== null) clearTimeout(this.timer);
    await this.store.releaseIds(this.bus.lastId).catch(() => undefined);
  }

  /** Events since the start that are not in the log, because the program or the disk could not keep up. */
  get lost(): number {
    return this.bus.lost + this.dropped;
  }

  /** The id of the newest event. */
  get lastId(): number {
    return this.bus.lastId;
  }

  /** Finds the oldest or the newest matching events. */
  async find(filter: EventFilter, limit: number, end: 'oldest' | 'newest'): Promise<EventPage> {
    // Before the query: an event that is written meanwhile is found twice instead of never.
    const unwritten = [...this.waiting];
    const stored = await this.read(() => this.store.find(filter, limit, end));
    const inMemory = stored === null ? merge(this.recent, unwritten) : unwritten;
    const found = merge(
      stored ?? [],
      inMemory.filter((event) => matches(event, filter)),
    );
    return {
      events: end === 'oldest' ? found.slice(0, limit) : found.slice(-limit),
      isComplete: stored !== null,
    };
  }

  /** The same, but refuses an incomplete answer. @throws AppError `storage_failed` */
  async findOnDisk(
    filter: EventFilter,
    limit: number,
    end: 'oldest' | 'newest',
  ): Promise<readonly LoggedEvent[]> {
    const { events, isComplete } = await this.find(filter, limit, end);
    if (isComplete) return events;
    throw new AppError('storage_failed', 'The disk with the event log does not answer.');
  }

  async totals(): Promise<EventTotals> {
    const unwritten = [...this.waiting];
    const stored = await this.read(() => this.store.count());
    const inMemory = stored === null ? merge(this.recent, unwritten) : unwritten;
    const byType = new Map(stored?.byType);
    for (const { type } of inMemory) byType.set(type, (byType.get(type) ?? 0) + 1);
    return {
      total: [...byType.values()].reduce((sum, count) => sum + count, 0),
      byType,
      oldestMs: stored?.oldestMs ?? inMemory[0]?.timeMs ?? null,
      newestMs: inMemory.at(-1)?.timeMs ?? stored?.newestMs ?? null,
      unwritten: unwritten.length,
      lost: this.lost,
      isComplete: stored !== null,
    };
  }

  /**
   * Removes the events before this time. Returns how many.
   *
   * @throws AppError `storage_full` or `storage_failed`; some may have been removed
   */
  async removeBefore(ms: number, signal?: AbortSignal): Promise<number> {
    let removed = 0;
    for (;;) {
      const count = await this.store.removeOldest(REMOVED_PER_STEP, ms);
      removed += count;
      if (this.stored !== null) this.stored -= count;
      if (count < REMOVED_PER_STEP || signal?.aborted === true) break;
    }
    this.recent = this.recent.filter((event) => event.timeMs >= ms);
    return removed;
  }

  /** Keeps EVENT_LOG_DAYS and EVENT_LOG_SIZE. */
  @JobHandler('events.retention')
  async removeOld(_: null, signal: AbortSignal): Promise<void> {
    try {
      await this.removeBefore(Date.now() - this.config.eventLogDays * DAY_MS, signal);
      this.stored ??= await this.countStored();
      while (this.stored > this.config.eventLogSize && !signal.aborted) {
        const excess = Math.min(this.stored - this.config.eventLogSize, REMOVED_PER_STEP);
        const count = await this.store.removeOldest(excess);
        if (count === 0) this.stored = await this.countStored();
        else this.stored -= count;
      }
    } catch (error) {
      // The storage has reported its trouble already, and the job runs again.
      this.logger.debug({ err: error }, 'old events cannot be removed now');
    }
  }

  private async countStored(): Promise<number> {
    const { byType } = await this.store.count();
    return [...byType.values()].reduce((sum, count) => sum + count, 0);
  }

  private add(event: LoggedEvent): void {
    this.recent.push(event);
    if (this.recent.length >= 2 * MAX_RECENT) this.recent = this.recent.slice(-MAX_RECENT);
    this.waiting.push(event);
    if (this.waiting.length > MAX_WAITING) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.writeAfter(BATCH_MS);
  }

  private writeAfter(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.write();
    }, ms).unref();
  }

  /** Resolves when everything is written, or the disk has refused. */
  private write(): Promise<void> {
    this.writing ??= this.writeWaiting().finally(() => {
      this.writing = null;
      // Events that came meanwhile, whose timer may have fired already.
      if (this.waiting.length > 0) this.writeAfter(BATCH_MS);
    });
    return this.writing;
  }

  private async writeWaiting(): Promise<void> {
    for (const last = this.waiting.at(-1); last !== undefined && this.waiting.includes(last);) {
      const batch = this.waiting.slice(0, BATCH_SIZE);
      try {
        await this.store.append(batch);
        if (this.stored !== null) this.stored += batch.length;
      } catch (error) {
        if (error instanceof AppError) {
          this.writeAfter(RETRY_MS);
          return;
        }
        // A defect, which a repetition would not repair.
        this.logger.error({ err: error }, 'events cannot be written; they are dropped');
        this.dropped += batch.length;
      }
      // The oldest ones may have been dropped meanwhile.
      const lastId = batch.at(-1)?.id ?? 0;
      this.waiting = this.waiting.filter(({ id }) => id > lastId);
    }
  }

  /** Null if the disk does not answer, or not in time. */
  private async read<T>(query: () => Promise<T>): Promise<T | null> {
    let result: T | null = null;
    const reading = query().then(
      (value) => {
        result = value;
      },
      // The storage reports its troubles.
      () => undefined,
    );
    await settlesWithin(reading, READ_MS);
    return result;
  }
}

/** Both are in ascending order of their ids; events that are in both are taken once. */
function merge(a: readonly LoggedEvent[], b: readonly LoggedEvent[]): LoggedEvent[] {
  const byId = new Map([...a, ...b].map((event) => [event.id, event]));
  return [...byId.values()].sort((one, other) => one.id - other.id);
}
