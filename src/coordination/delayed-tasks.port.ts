/**
 * Work that is due after a delay, by name. The owner of a task is whoever schedules it; a task lives
 * until it ran, was replaced, was cancelled, or the process ends. It is an abstract class so that it
 * can be the injection token: in-process here, a queue when several instances share the work.
 */
export abstract class DelayedTasks {
  /**
   * Runs `task` once after `delayMs` (0 to about 24 days). A task of the same name that has not run yet is
   * replaced. What `task` throws is logged and goes no further.
   *
   * Whether the reason still holds when the delay is over is for the task to look at: the world may
   * have changed in between.
   *
   * @throws RangeError when the delay is negative, not a number, or longer than a timer can count
   */
  abstract schedule(name: string, delayMs: number, task: () => void): void;

  /** Forgets a task. Nothing happens when none of this name is pending. */
  abstract cancel(name: string): void;
}
