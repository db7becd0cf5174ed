import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { DelayedTasks } from './delayed-tasks.port';

/** A longer delay would overflow the timer's 32-bit counter, and it would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Keeps our names apart from those of `@Timeout()` methods, which live in the same registry. */
const PREFIX = 'delayed:';

/** Delayed tasks of a single instance, as time-outs in the scheduler's registry. */
@Injectable()
export class ScheduledDelayedTasks extends DelayedTasks implements OnModuleDestroy {
  private readonly logger = new Logger(ScheduledDelayedTasks.name);
  private readonly pending = new Set<string>();
  private closed = false;

  constructor(private readonly scheduler: SchedulerRegistry) {
    super();
  }

  override schedule(name: string, delayMs: number, task: () => void): void {
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
      throw new RangeError(`delay of task "${name}" must be 0 to ${MAX_DELAY_MS} ms: ${delayMs}`);
    }
    this.cancel(name);
    // A session that ends while the process ends must not leave a timer behind that nobody clears.
    if (this.closed) return;
    const timer = setTimeout(() => this.run(name, task), delayMs);
    this.scheduler.addTimeout(PREFIX + name, timer);
    this.pending.add(name);
  }

  override cancel(name: string): void {
    if (!this.pending.delete(name)) return;
    this.scheduler.deleteTimeout(PREFIX + name);
  }

  onModuleDestroy(): void {
    this.closed = true;
    for (const name of [...this.pending]) this.cancel(name);
  }

  /** The entry goes first: a task may schedule its own name again. */
  private run(name: string, task: () => void): void {
    this.cancel(name);
    try {
      task();
    } catch (error) {
      const trace = error instanceof Error ? error.stack : error;
      this.logger.error(`delayed task "${name}" failed`, trace);
    }
  }
}
