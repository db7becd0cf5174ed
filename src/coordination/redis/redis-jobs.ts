import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { InjectQueue } from '@nestjs/bullmq';
import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Queue, Worker, type Job as StoredJob, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { monotonicMs } from '../../kernel/clock';
import type { Job, JobName, RepeatedJobName } from '../job-table';
import { type JobOptions, Jobs, type JobState, type JobTrouble } from '../jobs.port';
import { LocalJobs } from '../local/local-jobs';
import { describeRedis } from '../redis-address';
import { workerConnection } from './redis-connections';

/** One queue for all jobs, because an idle worker costs Redis commands. */
export const JOB_QUEUE = 'jobs';

export interface RedisJobsOptions {
  /** REDIS_URL. */
  readonly url: string;
  /** The queued copy of a job is due this long after the local timer. */
  readonly copyLagMs: number;
  readonly canaryEveryMs: number;
  /** The worker is replaced when no canary has passed through it for this long. */
  readonly canaryWithinMs: number;
  readonly closeWithinMs: number;
}

export const REDIS_JOBS_OPTIONS = 'REDIS_JOBS_OPTIONS';

export const REDIS_JOBS_TIMING: Omit<RedisJobsOptions, 'url'> = {
  copyLagMs: 5_000,
  canaryEveryMs: 30_000,
  canaryWithinMs: 90_000,
  closeWithinMs: 3_000,
};

/** The queued copy of a job, stored in Redis under the name of the job. */
interface QueuedCopy {
  /** The process that scheduled it. Jobs do not outlive their process. */
  readonly boot: string;
  readonly id: string;
  readonly sequence: number;
  readonly data: unknown;
}

/** Name of a job that the queue sends to itself, which shows that the worker executes jobs. */
const CANARY = 'canary';

/** Number of failed copies that are kept for the operator. */
const FAILED_KEPT = 100;

/**
 * Stores a copy of each job in a BullMQ queue. The local timer acts first. The copy is due some seconds later and
 * makes the first attempt if the timer has not. If the job has run, or was cancelled or replaced, the copy does
 * nothing. Copies of an earlier process are dropped.
 *
 * While Redis is unreachable, jobs have no copies, and everything else continues. So callers neither wait for Redis
 * nor see its errors.
 */
@Injectable()
export class RedisJobs extends Jobs implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Jobs');
  private readonly boot = randomBytes(8).toString('hex');
  private readonly address: string;
  private worker: Worker<QueuedCopy> | null = null;
  private canaryTimer: NodeJS.Timeout | undefined;
  private lastCanaryMs = monotonicMs();
  /** The reason why Redis cannot be used now; null if it can. */
  private fault: string | null = null;
  private isClosing = false;

  constructor(
    private readonly local: LocalJobs,
    @InjectQueue(JOB_QUEUE) private readonly queue: Queue<QueuedCopy>,
    private readonly redis: Redis,
    @Inject(REDIS_JOBS_OPTIONS) private readonly options: RedisJobsOptions,
  ) {
    super();
    this.address = describeRedis(options.url);
  }

  override schedule(job: Job, options: JobOptions): void {
    const { sequence, replaced } = this.local.schedule(job, options);
    this.removeCopy(replaced);
    const { name, id, data } = job;
    this.store(
      name,
      { boot: this.boot, id, sequence, data },
      {
        jobId: this.copyId(sequence),
        delay: options.delayMs + this.options.copyLagMs,
        removeOnFail: { count: FAILED_KEPT },
      },
    );
  }

  override cancel(name: JobName, id: string): void {
    this.removeCopy(this.local.cancel(name, id));
  }

  /** Repeated jobs belong to this process, and the next run makes up for a lost one, so they need no copy. */
  override every(name: RepeatedJobName, ms: number): void {
    this.local.every(name, ms);
  }

  /** Those of this process, because each copy in Redis stands for a local job. */
  override states(): JobState[] {
    return this.local.states();
  }

  override trouble(): JobTrouble | null {
    if (this.fault === null) return null;
    return { code: 'redis_unavailable', detail: `${this.address}: ${this.fault}` };
  }

  onModuleInit(): void {
    // The connection reports the same errors; without a listener BullMQ prints them.
    this.queue.on('error', () => undefined);
    this.redis.on('error', (error) => this.failed(error));
    this.redis.on('close', () => {
      if (this.fault === null) this.failed(new Error('the connection is closed'));
    });
    this.redis.on('ready', () => {
      this.lastCanaryMs = monotonicMs();
      this.sendCanary();
    });
    // The client retries the connection until it is closed, however this first attempt ends.
    this.redis.connect().catch(() => undefined);
    this.worker = this.startWorker();
    this.canaryTimer = setInterval(() => this.checkCanary(), this.options.canaryEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.canaryTimer);
    const late = delay(this.options.closeWithinMs, undefined, { ref: false });
    // Forced, because a worker would otherwise wait for an answer of Redis. No work of the worker can be lost.
    await Promise.race([this.worker?.close(true), late]);
    this.redis.disconnect();
  }

  private get isConnected(): boolean {
    return this.redis.status === 'ready' && !this.isClosing;
  }

  /** BullMQ allows no colon in an id. */
  private copyId(sequence: number): string {
    return `${this.boot}.${sequence}`;
  }

  private store(name: string, copy: QueuedCopy, options: JobsOptions): void {
    if (!this.isConnected) return;
    this.queue.add(name, copy, { removeOnComplete: true, ...options }).then(
      () => this.works(),
      (error: unknown) => this.failed(error),
    );
  }

  /** If a copy cannot be removed, it does nothing when it is due. */
  private removeCopy(sequence: number | null): void {
    if (sequence === null || !this.isConnected) return;
    this.queue.remove(this.copyId(sequence)).catch((error: unknown) => this.failed(error));
  }

  private startWorker(): Worker<QueuedCopy> {
    const worker = new Worker<QueuedCopy>(this.queue.name, (job) => this.take(job), {
      connection: workerConnection(this.options.url, () => this.isClosing),
      prefix: this.queue.opts.prefix,
      skipVersionCheck: true,
    });
    // The connection for commands reports that Redis is unreachable, and the canary reports a worker that does
    // nothing.
    worker.on('error', (error) =>
      this.logger.debug(`worker of ${this.address}: ${describe(error)}`),
    );
    return worker;
  }

  /** Never waits for the handler, because the local jobs handle retries and the end of the process. */
  private take({ name, data }: StoredJob<QueuedCopy>): Promise<void> {
    const { boot, id, sequence } = data;
    if (boot !== this.boot) return Promise.resolve();
    if (name === CANARY) this.lastCanaryMs = monotonicMs();
    else this.local.trigger(name as JobName, id, sequence);
    return Promise.resolve();
  }

  private sendCanary(): void {
    const copy = { boot: this.boot, id: CANARY, sequence: 0, data: null };
    this.store(CANARY, copy, { removeOnFail: true });
  }

  /** A worker can stop for good without an error, for example on a connection that is dead but was never closed. */
  private checkCanary(): void {
    const silentMs = monotonicMs() - this.lastCanaryMs;
    if (this.isConnected && silentMs > this.options.canaryWithinMs && this.worker !== null) {
      const seconds = Math.round(silentMs / 1000);
      this.logger.warn(`no job has come from Redis for ${seconds} s: the worker is replaced`);
      void this.worker.close(true);
      this.worker = this.startWorker();
      this.lastCanaryMs = monotonicMs();
    }
    this.sendCanary();
  }

  private failed(error: unknown): void {
    if (this.isClosing) return;
    const wasUsable = this.fault === null;
    this.fault = describe(error);
    if (!wasUsable) return;
    this.logger.warn(
      `Redis cannot be used (${this.address}: ${this.fault}): until it can, jobs run on the timers of this process alone`,
    );
  }

  private works(): void {
    if (this.fault === null) return;
    this.fault = null;
    this.logger.log(`Redis can be used again (${this.address})`);
  }
}

/** Errors of several addresses at once have a code, but no message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === ''
    ? ((error as NodeJS.ErrnoException).code ?? error.name)
    : error.message;
}
