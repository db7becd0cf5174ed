import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One series of a gauge at the moment of a scrape. */
export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface HistogramOptions {
  /** Upper bounds, ascending, in the unit that the name ends with. */
  readonly buckets: readonly number[];
  readonly labelNames?: readonly string[];
}

/**
 * Every metric of the product and the process's own (memory, CPU, event loop delay, open handles). Names are given by
 * the rooms that measure; a name can be taken once. Labels come from fixed sets of words only: content ids and
 * addresses would grow the answer without bound and tell strangers who watches what.
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

  /** A total that its owner keeps: read when somebody asks, and never less than it was. */
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
   * A value that is read when somebody asks, from the live objects themselves.
   *
   * @param collect one number, or one sample per combination of labels; combinations left out disappear
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
