import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { JobRunner } from '../job-handlers';
import {
  type Job,
  JOB_NAMES,
  type JobName,
  type JobTable,
  type RepeatedJobName,
} from '../job-table';
import { type JobOptions, Jobs, type JobState, type JobTrouble } from '../jobs.port';

/** A longer delay would overflow the 32-bit counter of the timer, which would then fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** How long the end of the process waits for running handlers. */
const CLOSE_WITHIN_MS = 3_000;

interface ScheduledJob {
  readonly job: Job;
  readonly attempts: number;
  readonly backoffMs: number;
  /** Distinguishes this job from an earlier one with the same name and id. */
  readonly sequence: number;
  /** Attempts that have begun. */
  begun: number;
}

/** The runs of one job name. */
class RunCounts {
  running = 0;
  succeeded = 0;
  failed = 0;
  lastSuccessAt: Date | null = null;

  /** Counts a run that begins now. */
  follow(run: Promise<void>): Promise<void> {
    this.running += 1;
    return run.then(
      () => {
        this.running -= 1;
        this.succeeded += 1;
        this.lastSuccessAt = new Date();
      },
      () => {
        this.running -= 1;
        this.failed += 1;
      },
    );
  }
}

/** The jobs of one process. Each is a timer in the registry of @nestjs/schedule. */
@Injectable()
export class LocalJobs extends Jobs implements OnModuleDestroy {
  private readonly logger = new Logger('Jobs');
  private readonly scheduled = new Map<string, ScheduledJob>();
  private readonly running = new Set<Promise<void>>();
  private readonly counts = new Map(JOB_NAMES.map((name) => [name, new RunCounts()]));
  private readonly repeated = new Set<RepeatedJobName>();
  private readonly closing = new AbortController();
  private lastSequence = 0;

  constructor(
    private readonly timers: SchedulerRegistry,
    private readonly handlers: JobRunner,
  ) {
    super();
  }

  /** Returns the sequence number of the job, for `trigger`, and that of the job that it replaced. */
  override schedule(
    job: Job,
    { delayMs, attempts = 1, backoffMs = 0 }: JobOptions,
  ): { readonly sequence: number; readonly replaced: number | null } {
    mustBeDelay('delayMs', delayMs);
    // The wait before the last attempt is the longest one.
    mustBeDelay('backoffMs', backoffMs * 2 ** Math.max(0, attempts - 2));
    if (!(Number.isInteger(attempts) && attempts >= 1)) {
      throw new RangeError(`attempts must be a whole number from 1: ${attempts}`);
    }
    const key = keyOf(job.name, job.id);
    const replaced = this.forget(key);
    const sequence = ++this.lastSequence;
    // A stream that ends during the shutdown must not leave a timer that is never cleared.
    if (!this.closing.signal.aborted) {
      const scheduled = { job, attempts, backoffMs, sequence, begun: 0 };
      this.scheduled.set(key, scheduled);
      this.wait(key, scheduled, delayMs);
    }
    return { sequence, replaced };
  }

  /** Returns the sequence number of the cancelled job; null if there was none. */
  override cancel(name: JobName, id: string): number | null {
    return this.forget(keyOf(name, id));
  }

  override every(name: RepeatedJobName, ms: number): void {
    mustBeDelay('ms', ms, 1);
    if (this.closing.signal.aborted) return;
    if (this.repeated.has(name)) this.timers.deleteInterval(name);
    this.repeated.add(name);
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      void this.run(name, null)
        .catch((error: unknown) => this.logger.error({ err: error }, `job ${name} failed`))
        .finally(() => (isRunning = false));
    }, ms);
    this.timers.addInterval(name, timer);
  }

  override states(): JobState[] {
    const waiting = new Map<JobName, number>();
    for (const [key, { job }] of this.scheduled) {
      // A job has a timer exactly while it waits.
      if (!this.timers.doesExist('timeout', key)) continue;
      waiting.set(job.name, (waiting.get(job.name) ?? 0) + 1);
    }
    return [...this.counts].map(([name, { running, succeeded, failed, lastSuccessAt }]) => ({
      name,
      waiting: waiting.get(name) ?? 0,
      running,
      succeeded,
      failed,
      lastSuccessAt,
    }));
  }

  override trouble(): JobTrouble | null {
    return null;
  }

  /**
   * Makes the first attempt of a job now. Does nothing if the attempt has begun, or if the job was cancelled or
   * replaced.
   */
  trigger(name: JobName, id: string, sequence: number): void {
    const key = keyOf(name, id);
    const scheduled = this.scheduled.get(key);
    if (scheduled?.sequence !== sequence || scheduled.begun > 0) return;
    this.timers.deleteTimeout(key);
    this.attempt(key, scheduled);
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort(new Error('the process is ending'));
    for (const key of [...this.scheduled.keys()]) this.forget(key);
    for (const name of this.repeated) this.timers.deleteInterval(name);
    this.repeated.clear();
    const late = delay(CLOSE_WITHIN_MS, undefined, { ref: false });
    await Promise.race([Promise.allSettled(this.running), late]);
  }

  private wait(key: string, scheduled: ScheduledJob, delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.deleteTimeout(key);
      this.attempt(key, scheduled);
    }, delayMs);
    this.timers.addTimeout(key, timer);
  }

  private attempt(key: string, scheduled: ScheduledJob): void {
    const { job, attempts, backoffMs } = scheduled;
    scheduled.begun += 1;
    const isCurrent = (): boolean => this.scheduled.get(key) === scheduled;
    this.run(job.name, job.data).then(
      () => {
        if (isCurrent()) this.scheduled.delete(key);
      },
      (error: unknown) => {
        const what = `job ${job.name} with id ${job.id}`;
        if (isCurrent() && scheduled.begun < attempts) {
          const waitMs = backoffMs * 2 ** (scheduled.begun - 1);
          this.logger.warn(
            { err: error },
            `${what} failed and is attempted again in ${waitMs / 1000} s`,
          );
          this.wait(key, scheduled, waitMs);
          return;
        }
        if (isCurrent()) this.scheduled.delete(key);
        this.logger.error({ err: error }, `${what} failed`);
      },
    );
  }

  private run<Name extends JobName>(name: Name, data: JobTable[Name]): Promise<void> {
    const run = this.handlers.run(name, data, this.closing.signal);
    const over = this.countsOf(name).follow(run);
    this.running.add(over);
    void over.then(() => this.running.delete(over));
    return run;
  }

  private countsOf(name: JobName): RunCounts {
    const counts = this.counts.get(name);
    if (counts === undefined) throw new Error(`there is no job "${name}"`);
    return counts;
  }

  /**
   * Removes a job and clears its timer, if it has one: there is none while the job runs. Returns the job's sequence
   * number; null if there is no such job.
   */
  private forget(key: string): number | null {
    const scheduled = this.scheduled.get(key);
    if (scheduled === undefined) return null;
    this.scheduled.delete(key);
    if (this.timers.doesExist('timeout', key)) this.timers.deleteTimeout(key);
    return scheduled.sequence;
  }
}

/** Job names contain no blank, so no two jobs have the same key. */
function keyOf(name: JobName, id: string): string {
  return `${name} ${id}`;
}

function mustBeDelay(what: string, ms: number, minMs = 0): void {
  if (ms >= minMs && ms <= MAX_DELAY_MS) return;
  throw new RangeError(`${what} must be ${minMs} to ${MAX_DELAY_MS} ms: ${ms}`);
}
