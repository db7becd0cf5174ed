import { Jobs, type Job, type JobOptions } from '../../coordination';

/** Jobs that run only when a test calls `runAll`. */
export class ManualJobs extends Jobs {
  readonly pending = new Map<string, { readonly job: Job; readonly delayMs: number }>();

  constructor(private readonly handle: (job: Job) => void) {
    super();
  }

  override schedule(job: Job, { delayMs }: JobOptions): void {
    this.pending.set(`${job.name} ${job.id}`, { job, delayMs });
  }

  override cancel(name: string, id: string): void {
    this.pending.delete(`${name} ${id}`);
  }

  override every(): void {
    throw new Error('ManualJobs has no repeated jobs');
  }

  override states(): [] {
    return [];
  }

  override trouble(): null {
    return null;
  }

  /** Runs every pending job, whatever its delay. */
  runAll(): void {
    const due = [...this.pending.values()];
    this.pending.clear();
    for (const { job } of due) this.handle(job);
  }
}
