import { JobRunner } from '../job-handlers';
import type { JobName } from '../job-table';

/** One call of a handler. */
export interface JobRun {
  readonly name: JobName;
  readonly data: unknown;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

/** Handlers that record every run and execute the test's script. */
export class ScriptedHandlers extends JobRunner {
  readonly runs: JobRun[] = [];
  /** The action of every handler; `count` is 1 in the first run. */
  onRun: (run: JobRun, count: number) => void | Promise<void> = () => undefined;

  override async run(name: JobName, data: unknown, signal: AbortSignal): Promise<void> {
    const run = { name, data, atMs: performance.now(), signal };
    this.runs.push(run);
    await this.onRun(run, this.runs.length);
  }

  /** Streams whose grace was over, in that order. */
  get streams(): string[] {
    return this.runs
      .filter(({ name }) => name === 'stream.grace')
      .map(({ data }) => (data as { streamUid: string }).streamUid);
  }
}
