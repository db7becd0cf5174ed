import type { EngineStat } from '../../../ace';

/** The statistics of a stream's engine at one moment. */
export interface StatSample {
  /** Wall clock, ms since 1970. */
  readonly unixMs: number;
  readonly engineId: string;
  readonly stat: EngineStat;
}

/** Number of samples kept: 24 min at one sample every 2 s. */
export const MAX_SAMPLES = 720;

/** The newest statistics of one stream's engines, oldest first. */
export class StatHistory {
  private readonly samples: StatSample[] = [];

  get latest(): StatSample | null {
    return this.samples.at(-1) ?? null;
  }

  add(sample: StatSample): void {
    this.samples.push(sample);
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
  }

  /** Returns the samples taken after `unixMs`. */
  since(unixMs: number): readonly StatSample[] {
    return this.samples.filter((sample) => sample.unixMs > unixMs);
  }
}
