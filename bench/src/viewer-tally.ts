import { Histogram } from './histogram';

/** Results of a group of viewers, counted together. */
export class ViewerTally {
  /** Latencies are sampled only while this is set; everything else is always counted. */
  sampling = false;
  connected = 0;
  /** No response, or not a stream. */
  failed = 0;
  /** Ended by the server or the network while the stream continued. */
  cutEarly = 0;
  bytes = 0;
  gaps = 0;
  lostPackets = 0;
  repeatedPackets = 0;
  /** Places without a packet where one had to begin. */
  misaligned = 0;
  discontinuityFlags = 0;
  nullPackets = 0;
  readonly firstByteMs = new Histogram();
  readonly firstKeyFrameMs = new Histogram();
  readonly latencyMs = new Histogram();

  report(): GroupReport {
    return {
      connected: this.connected,
      failed: this.failed,
      cutEarly: this.cutEarly,
      bytes: this.bytes,
      gaps: this.gaps,
      lostPackets: this.lostPackets,
      repeatedPackets: this.repeatedPackets,
      misaligned: this.misaligned,
      discontinuityFlags: this.discontinuityFlags,
      nullPackets: this.nullPackets,
      firstByteMs: quantiles(this.firstByteMs),
      firstKeyFrameMs: quantiles(this.firstKeyFrameMs),
      latencyMs: quantiles(this.latencyMs),
    };
  }
}

/** Quantiles of times in ms; null without samples. */
export interface Quantiles {
  samples: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
}

/** A tally as plain data. */
export interface GroupReport {
  connected: number;
  failed: number;
  cutEarly: number;
  bytes: number;
  gaps: number;
  lostPackets: number;
  repeatedPackets: number;
  misaligned: number;
  discontinuityFlags: number;
  nullPackets: number;
  firstByteMs: Quantiles;
  firstKeyFrameMs: Quantiles;
  latencyMs: Quantiles;
}

export function quantiles(histogram: Histogram): Quantiles {
  return {
    samples: histogram.count,
    p50: histogram.quantile(0.5),
    p99: histogram.quantile(0.99),
    max: histogram.max,
  };
}
