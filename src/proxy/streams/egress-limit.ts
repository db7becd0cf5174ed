import { AppError } from '../../kernel/errors';
import { formatRate } from '../../kernel/units';
import type { Stream } from './stream';

export interface EgressSettings {
  /** What all viewers together may take, in bits per second; 0: no limit. */
  readonly maxEgressBps: number;
  /** The highest bit rate of a stream that gets new viewers; 0: no limit. */
  readonly proxyMaxStreamBps: number;
}

/**
 * Limits the bandwidth that viewers take: refuses a new viewer for whom there is not enough, because otherwise the streams
 * of all viewers would stutter. Viewers who receive media are never slowed down or removed.
 */
export class EgressLimit {
  constructor(
    private readonly settings: EgressSettings,
    private readonly streams: Iterable<Pick<Stream, 'viewers' | 'viewerBps'>>,
  ) {}

  /** Null: there is no limit. */
  get maxBps(): number | null {
    return this.settings.maxEgressBps === 0 ? null : this.settings.maxEgressBps;
  }

  /**
   * Bits per second that all viewers who receive media take. A stream that is not measured yet counts with the mean of the
   * others.
   */
  get bps(): number {
    return this.bpsWithout([]);
  }

  /**
   * Checks that one more viewer may receive a stream.
   *
   * @param streamBps measured bit rate of the stream; null while it is unknown
   * @param leaving viewers and other clients that leave before this viewer receives it
   * @throws AppError `egress_limit`, `bitrate_limit`
   */
  check(streamBps: number | null, leaving: readonly object[] = []): void {
    const { maxEgressBps, proxyMaxStreamBps } = this.settings;
    if (proxyMaxStreamBps > 0 && streamBps !== null && streamBps > proxyMaxStreamBps) {
      throw new AppError(
        'bitrate_limit',
        `The stream has ${formatRate(streamBps)}; viewers get at most ${formatRate(proxyMaxStreamBps)}.`,
      );
    }
    if (maxEgressBps === 0) return;
    const presentBps = this.bpsWithout(leaving);
    const wantedBps = streamBps ?? this.meanStreamBps;
    if (presentBps < maxEgressBps && presentBps + wantedBps <= maxEgressBps) return;
    const wanted = wantedBps === 0 ? '' : `, and one more needs ${formatRate(wantedBps)}`;
    throw new AppError(
      'egress_limit',
      `Viewers take ${formatRate(presentBps)} of ${formatRate(maxEgressBps)}${wanted}.`,
    );
  }

  private bpsWithout(leaving: readonly object[]): number {
    const meanBps = this.meanStreamBps;
    let bps = 0;
    for (const { viewers, viewerBps } of this.streams) {
      for (const viewer of viewers) {
        if (viewer.isFed && !leaving.includes(viewer)) bps += viewerBps ?? meanBps;
      }
    }
    return bps;
  }

  /** Mean of the measured streams; 0 if none is. */
  private get meanStreamBps(): number {
    let [sum, count] = [0, 0];
    for (const { viewerBps } of this.streams) {
      if (viewerBps === null) continue;
      sum += viewerBps;
      count += 1;
    }
    return count === 0 ? 0 : sum / count;
  }
}
