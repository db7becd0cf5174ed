import { type ControlReport } from './control-probe';
import { type LoadReport } from './load';
import { type GroupReport } from './viewer-tally';

/** The ring buffer of a stream, from the product's session list. */
export interface RingReport {
  bytes: number;
  seconds: number;
}

/** The results of one server in one case. */
export interface Measurement {
  load: LoadReport;
  /** Memory before the first viewer, MB. */
  idleMb: number;
  ring: RingReport | null;
  control: ControlReport | null;
}

/** The limit of a value and its text; `limit` null: nothing to compare with in this run. */
export interface Goal {
  limit: number | null;
  text: string;
}

/** One line of the table. */
export interface Figure {
  label: string;
  /** Number of decimals. */
  digits: number;
  value: (measured: Measurement) => number | null;
  /** The product's value; `bare` and `other` are the values of the baselines in the same run. */
  goal?: (product: Measurement, bare: number | null, other: number | null) => Goal;
}

export type CaseName =
  '1x10' | '1x50' | '1x200' | '1x1000' | '50x4' | 'storm' | 'memory' | 'control';

/** The viewers of a case, and its measurements. */
export interface BenchCase {
  name: CaseName;
  title: string;
  streams: number;
  viewers: number;
  rampMs: number;
  holders: number;
  /** How long the holders watch before the others join; [full, quick]. */
  aheadMs: readonly [number, number];
  /** From the first join to the start of the measurement; [full, quick]. */
  warmMs: readonly [number, number];
  /** Whether the control API is called during the measurement. */
  control: boolean;
  figures: readonly Figure[];
}

const RAMP_MS = 1000;
const WARM_MS = [6000, 3000] as const;
const NONE = [0, 0] as const;

const atMost = (limit: number, unit: string): Goal => ({ limit, text: `≤ ${limit}${unit}` });
const NOTHING: Goal = { limit: 0, text: '0' };

const cpuPerGigabyte = ({ load }: Measurement): number | null =>
  load.gigabytes > 0 ? load.serverCpuSeconds / load.gigabytes : null;

const CPU: Figure = { label: 'CPU seconds per GB', digits: 3, value: cpuPerGigabyte };
const CPU_TO_BASELINE: Figure = {
  ...CPU,
  goal: (_product, bare) => ({
    limit: bare === null ? null : bare * 1.15,
    text: '≤ 1.15 × bare',
  }),
};
/** The other proxy's value if one is measured too, else the baseline's. */
const CPU_TO_OTHER: Figure = {
  ...CPU,
  goal: (product, bare, other) =>
    other === null
      ? (CPU_TO_BASELINE.goal?.(product, bare, other) ?? NOTHING)
      : { limit: other, text: '≤ the other’s' },
};

function latency(p: 'p50' | 'p99', limitMs: number | null): Figure {
  const figure: Figure = {
    label: `latency engine → viewer ${p}, ms`,
    digits: 0,
    value: ({ load }) => load.viewers.latencyMs[p],
  };
  return limitMs === null ? figure : { ...figure, goal: () => atMost(limitMs, '') };
}

const whole = (of: (group: GroupReport) => number) => {
  return ({ load }: Measurement): number => of(load.viewers) + of(load.holders);
};

/** A viewer on loopback keeps up, so missing packets were lost by the server. */
const INTEGRITY: readonly Figure[] = [
  {
    label: 'packets lost / repeated / misaligned',
    digits: 0,
    value: whole((group) => group.lostPackets + group.repeatedPackets + group.misaligned),
    goal: () => NOTHING,
  },
  {
    label: 'viewers refused or cut',
    digits: 0,
    value: whole((group) => group.failed + group.cutEarly),
    goal: () => NOTHING,
  },
];

const usual = { rampMs: RAMP_MS, holders: 0, aheadMs: NONE, warmMs: WARM_MS, control: false };

/** Few viewers cost little in any case; the delay of their first picture matters. */
function few(name: CaseName, viewers: number): BenchCase {
  return {
    ...usual,
    name,
    title: `1 stream, ${viewers} viewers`,
    streams: 1,
    viewers,
    figures: [CPU, latency('p50', 35), latency('p99', 100), ...INTEGRITY],
  };
}

export const CASES: readonly BenchCase[] = [
  few('1x10', 10),
  few('1x50', 50),
  {
    ...usual,
    name: '1x200',
    title: '1 stream, 200 viewers',
    streams: 1,
    viewers: 200,
    figures: [CPU_TO_BASELINE, latency('p50', 35), latency('p99', 100), ...INTEGRITY],
  },
  {
    ...usual,
    name: '1x1000',
    title: '1 stream, 1000 viewers',
    streams: 1,
    viewers: 1000,
    figures: [CPU_TO_OTHER, latency('p50', null), latency('p99', 300), ...INTEGRITY],
  },
  {
    ...usual,
    name: '50x4',
    title: '50 streams, 4 viewers each',
    streams: 50,
    viewers: 200,
    figures: [
      { ...CPU, goal: () => atMost(0.8, '') },
      latency('p50', null),
      latency('p99', null),
      ...INTEGRITY,
    ],
  },
  {
    ...usual,
    name: 'storm',
    title: '200 join a running stream within 1 s',
    streams: 1,
    viewers: 200,
    holders: 20,
    aheadMs: [10_000, 10_000],
    figures: [
      {
        label: 'first byte p99, ms',
        digits: 0,
        value: ({ load }) => load.viewers.firstByteMs.p99,
        goal: () => atMost(100, ''),
      },
      {
        label: 'first key frame p99, ms',
        digits: 0,
        value: ({ load }) => load.viewers.firstKeyFrameMs.p99,
        goal: () => atMost(100, ''),
      },
      {
        label: "the others' latency p99 meanwhile, ms",
        digits: 0,
        value: ({ load }) => load.holders.latencyMs.p99,
        goal: () => atMost(150, ''),
      },
      ...INTEGRITY,
    ],
  },
  {
    ...usual,
    name: 'memory',
    title: 'memory, 1000 viewers on one stream',
    streams: 1,
    // 1000 with the holder, the product's default limit for one stream.
    viewers: 999,
    // Long enough to fill the ring buffer (32 MiB at 8 Mbit/s) and to deliver the backlog of the joins.
    holders: 1,
    aheadMs: [36_000, 4000],
    warmMs: [10_000, 8000],
    figures: [
      { label: 'idle, MB', digits: 0, value: ({ idleMb }) => idleMb },
      {
        label: 'ring, MB',
        digits: 0,
        value: ({ ring }) => (ring === null ? null : ring.bytes / 1e6),
      },
      {
        label: 'with 1000 viewers, MB',
        digits: 0,
        value: ({ load }) => load.serverPeakMb,
        goal: ({ idleMb, ring }) => ({
          limit: ring === null ? null : idleMb + ring.bytes / 1e6 + 64,
          text: '≤ idle + ring + 64',
        }),
      },
      ...INTEGRITY,
    ],
  },
  {
    ...usual,
    name: 'control',
    title: 'control API while 1000 watch',
    streams: 1,
    viewers: 1000,
    control: true,
    figures: [
      {
        label: 'GET /api/v1/engines p50, ms',
        digits: 1,
        value: ({ control }) => control?.answerMs.p50 ?? null,
      },
      {
        label: 'GET /api/v1/engines p99, ms',
        digits: 1,
        value: ({ control }) => control?.answerMs.p99 ?? null,
        goal: () => atMost(100, ''),
      },
      {
        label: 'requests without a good answer',
        digits: 0,
        value: ({ control }) => control?.failed ?? null,
        goal: () => NOTHING,
      },
      ...INTEGRITY,
    ],
  },
];

export const CASE_NAMES: readonly CaseName[] = CASES.map((benchCase) => benchCase.name);
