import type { Job, JobName, RepeatedJobName } from './job-table';

export interface JobOptions {
  /** Time until the first attempt: 0 to about 24 days. */
  readonly delayMs: number;
  /** How often the handler may be called until it succeeds; 1 by default. */
  readonly attempts?: number;
  /** Wait before the second attempt. It doubles with every further attempt. */
  readonly backoffMs?: number;
}

/** Problems with the store of jobs. Streams continue in spite of them. */
export const JOB_REASONS = ['redis_unavailable'] as const;

export type JobReason = (typeof JOB_REASONS)[number];

export interface JobTrouble {
  readonly code: JobReason;
  /** One line for the operator. */
  readonly detail: string;
}

/** The jobs of one name in this process. */
export interface JobState {
  readonly name: JobName;
  /** Jobs that wait for their time or for their next attempt. Repeated jobs are not counted. */
  readonly waiting: number;
  readonly running: number;
  /** Runs that succeeded since the process started. */
  readonly succeeded: number;
  /** Runs that failed since the process started, each attempt by itself. */
  readonly failed: number;
  /** End of the last run that succeeded; null if there was none. */
  readonly lastSuccessAt: Date | null;
}

/**
 * Delayed, retried and repeated work. A job is a name, an id and plain data; the method with `@JobHandler(name)`
 * executes it. Callers need not know where jobs are stored, and no method here waits for the store or fails because
 * of it.
 *
 * The state may change between `schedule` and the handler, so a handler checks it again. Handlers must be idempotent.
 * If a handler throws, it is called again while attempts are left. No job outlives the process, because state is
 * rebuilt from observed engines.
 *
 * This is an abstract class so that it can be the injection token.
 */
export abstract class Jobs {
  /**
   * Runs a job after a delay. A job with the same name and id that has not run yet is replaced, and a running one
   * is not attempted again.
   *
   * @throws RangeError if a delay or a number of attempts is out of range
   */
  abstract schedule(job: Job, options: JobOptions): void;

  /** Cancels a job. A run that has begun continues, but is not attempted again. */
  abstract cancel(name: JobName, id: string): void;

  /**
   * Runs a job of this process every `ms`, for the first time after `ms`. A run that is due during the previous one
   * is skipped.
   */
  abstract every(name: RepeatedJobName, ms: number): void;

  /** One state for each job name. */
  abstract states(): readonly JobState[];

  /** The problem with the store of jobs; null if there is none. */
  abstract trouble(): JobTrouble | null;
}
