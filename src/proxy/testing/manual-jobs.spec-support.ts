import { Jobs, type Job, type JobOptions } from '../../coordination';

/** Jobs that are due when a test says so. */
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
    throw new Error('no test has a job that repeats');
  }

  override trouble(): null {
    return null;
  }

  /** The time of everything that is pending has come. */
  runAll(): void {
    const due = [...this.pending.values()];
    this.pending.clear();
    for (const { job } of due) this.handle(job);
  }
}
