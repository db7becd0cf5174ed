import { DelayedTasks } from '../../coordination';

interface Task {
  readonly delayMs: number;
  readonly run: () => void;
}

/** Delayed tasks that run when a test says so. */
export class ManualTasks extends DelayedTasks {
  readonly pending = new Map<string, Task>();

  schedule(name: string, delayMs: number, task: () => void): void {
    this.pending.set(name, { delayMs, run: task });
  }

  cancel(name: string): void {
    this.pending.delete(name);
  }

  /** The time of everything that is pending has come. */
  runAll(): void {
    const due = [...this.pending.values()];
    this.pending.clear();
    for (const { run } of due) run();
  }
}
