import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One series of a gauge at the time of a scrape. */
export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface HistogramOptions {
  /** Upper bounds, ascending, in the unit with which the name ends. */
  readonly buckets: readonly number[];
  readonly labelNames?: readonly string[];
}

/**
 * All metrics of the product, and those of the process (memory, CPU, event loop delay, open handles). Each module
 * defines the names of the metrics that it measures. A name is defined only once. Labels have a fixed set of values:
 * content ids and addresses would let the response grow without bound and reveal who watches what.
 */
@Injectable()
export class MetricsRegistry {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A counter whose total is kept elsewhere and read at each scrape. It never decreases. */
  sampledCounter(name: string, help: string, collect: () => number): Counter {
    let known = 0;
    const counter = new Counter({ name, help, registers: [this.registry], collect: read });
    return counter;

    function read(): void {
      const total = Math.max(known, collect());
      counter.inc(total - known);
      known = total;
    }
  }

  /**
   * A gauge that is computed at each scrape.
   *
   * @param collect returns one number, or one sample per combination of labels; a combination without a sample
   *   disappears
   */
  gauge(
    name: string,
    help: string,
    collect: () => number | readonly GaugeSample[],
    labelNames: readonly string[] = [],
  ): Gauge {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry], collect: read });
    return gauge;

    function read(): void {
      gauge.reset();
      const value = collect();
      if (typeof value === 'number') gauge.set(value);
      else for (const sample of value) gauge.set({ ...sample.labels }, sample.value);
    }
  }

  histogram(name: string, help: string, options: HistogramOptions): Histogram {
    return new Histogram({
      name,
      help,
      buckets: [...options.buckets],
      labelNames: [...(options.labelNames ?? [])],
      registers: [this.registry],
    });
  }
}
