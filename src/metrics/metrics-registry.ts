import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type Metric,
  type MetricValueWithName,
  Registry,
} from 'prom-client';

/** The product's own metrics have this prefix. */
export type MetricName = `acefleet_${string}`;

/** The labels of a metric, each with all its values. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/** One series at the time of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricOptions<L extends Labels = Labels> {
  /** Every combination of these values is a series from the start, with the value 0. */
  readonly labels?: L;
  /** A second name, under which clients of earlier programs find the same metric. */
  readonly alias?: string;
}

export interface HistogramOptions<L extends Labels = Labels> extends MetricOptions<L> {
  /** Upper bounds, ascending, in the unit with which the name ends. */
  readonly buckets: readonly number[];
}

/**
 * Gauges of prom-client that end in `_total`, which is reserved for counters. The metrics of the same name without it
 * contain the same numbers by type.
 */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * All metrics of the product, and those of the process (memory, CPU, event loop lag, open handles). Each module
 * defines the metrics that it measures. A name is defined only once. Labels have a fixed set of values: content ids and
 * addresses would let the response grow without bound and reveal who watches what.
 */
@Injectable()
export class MetricsRegistry implements OnModuleInit {
  readonly registry = new Registry();

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
  }

  counter<L extends Labels>(
    name: MetricName,
    help: string,
    options: MetricOptions<L> = {},
  ): Counter<keyof L & string> {
    const { labels = {}, alias } = options;
    const counter = new Counter({ ...this.base(name, help), labelNames: Object.keys(labels) });
    for (const combination of combinationsOf(labels)) counter.inc(combination, 0);
    this.addAlias(counter, name, alias);
    return counter;
  }

  /**
   * A counter whose totals are kept elsewhere and read at each scrape. A total never decreases.
   *
   * @param collect returns one number, or one sample per combination of labels
   */
  sampledCounter(
    name: MetricName,
    help: string,
    collect: () => number | readonly Sample[],
    options: Pick<MetricOptions, 'alias'> & { readonly labelNames?: readonly string[] } = {},
  ): void {
    const { labelNames = [], alias } = options;
    const known = new Map<string, number>();
    const counter = new Counter({ ...this.base(name, help), labelNames, collect: read });
    this.addAlias(counter, name, alias);

    function read(): void {
      for (const { labels, value } of samplesOf(collect())) {
        const key = JSON.stringify(labels);
        const before = known.get(key) ?? 0;
        const total = Math.max(before, value);
        counter.inc({ ...labels }, total - before);
        known.set(key, total);
      }
    }
  }

  /**
   * A gauge that is computed at each scrape.
   *
   * @param collect returns one number, or one sample per combination of labels; a combination without a sample
   *   disappears
   */
  gauge(
    name: MetricName,
    help: string,
    collect: () => number | readonly Sample[],
    options: Pick<MetricOptions, 'alias'> & { readonly labelNames?: readonly string[] } = {},
  ): void {
    const { labelNames = [], alias } = options;
    const gauge = new Gauge({ ...this.base(name, help), labelNames, collect: read });
    this.addAlias(gauge, name, alias);

    function read(): void {
      gauge.reset();
      for (const { labels, value } of samplesOf(collect())) gauge.set({ ...labels }, value);
    }
  }

  histogram<L extends Labels>(
    name: MetricName,
    help: string,
    { buckets, labels, alias }: HistogramOptions<L>,
  ): Histogram<keyof L & string> {
    const histogram = new Histogram({
      ...this.base(name, help),
      buckets: [...buckets],
      labelNames: Object.keys(labels ?? {}),
    });
    for (const combination of combinationsOf(labels ?? {})) histogram.zero(combination);
    this.addAlias(histogram, name, alias);
    return histogram;
  }

  private base(
    name: MetricName,
    help: string,
  ): { name: string; help: string; registers: Registry[] } {
    return { name, help, registers: [this.registry] };
  }

  private addAlias(metric: Metric, name: MetricName, alias: string | undefined): void {
    if (alias === undefined) return;
    const renamed = {
      name: alias,
      get: async () => {
        const { values, help, ...facts } = await metric.get();
        return {
          ...facts,
          name: alias,
          help: `${help} The same as ${name}.`,
          values: values.map((value) => renameSeries(value, name, alias)),
        };
      },
      reset: () => undefined,
    };
    // prom-client calls nothing else of a registered metric.
    this.registry.registerMetric(renamed as unknown as Metric);
  }
}

/** Renames the series of a histogram, which have names of their own, such as `…_bucket`. */
function renameSeries<T extends object>(value: T, from: string, to: string): T {
  const { metricName } = value as Partial<MetricValueWithName<string>>;
  return metricName === undefined
    ? value
    : { ...value, metricName: `${to}${metricName.slice(from.length)}` };
}

function samplesOf(value: number | readonly Sample[]): readonly Sample[] {
  return typeof value === 'number' ? [{ labels: {}, value }] : value;
}

/** Every combination of the labels' values; none without labels. */
function combinationsOf(labels: Labels): Record<string, string>[] {
  const names = Object.entries(labels);
  if (names.length === 0) return [];
  return names.reduce<Record<string, string>[]>(
    (all, [name, values]) =>
      all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}
