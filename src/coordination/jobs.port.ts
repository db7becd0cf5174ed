import type { Job, JobName, RepeatedJobName } from './job-table';

export interface JobOptions {
  /** Time until the first attempt: 0 to about 24 days. */
  readonly delayMs: number;
  /** How often the handler may be called until it succeeds; 1 by default. */
  readonly attempts?: number;
  /** Wait before the second attempt. It doubles with every further attempt. */
  readonly backoffMs?: number;
}

/** Faults of the place where jobs are stored. Streams go on with any of them. */
export const JOB_REASONS = ['redis_unavailable'] as const;

export type JobReason = (typeof JOB_REASONS)[number];

export interface JobTrouble {
  readonly code: JobReason;
  /** One line for the operator. */
  readonly detail: string;
}

/**
 * Delayed, retried and repeated work. A job is a name, an id and plain data; the method with `@JobHandler(name)` does it.
 * Callers need not know where jobs are stored, and no method here waits or fails because of that.
 *
 * The world may change between `schedule` and the handler, so a handler looks at the facts again. It must be harmless
 * when it runs a second time. A handler that throws has failed: it is called again while there are attempts left. No job outlives
 * the process, because state is rebuilt from observed engines.
 *
 * It is an abstract class so that it can be the injection token.
 */
export abstract class Jobs {
  /**
   * Runs a job after a delay. A job of the same name and id that has not run yet is replaced, and one that is running is
   * not attempted again.
   *
   * @throws RangeError when a delay or a number of attempts is out of range
   */
  abstract schedule(job: Job, options: JobOptions): void;

  /** Forgets a job. A run that has begun goes on, but is not attempted again. */
  abstract cancel(name: JobName, id: string): void;

  /** Runs a job of this process every `ms`, first after `ms`. A run that is due while the last one goes on is left out. */
  abstract every(name: RepeatedJobName, ms: number): void;

  /** What is wrong with the place where jobs are stored; null when nothing is. */
  abstract trouble(): JobTrouble | null;
}
