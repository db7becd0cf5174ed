import { AppError } from '../../kernel/errors';
import { formatRate } from '../../kernel/units';
import type { Viewer } from '../viewers';
import type { Stream } from './stream';

export interface EgressSettings {
  /** What all viewers together may take, in bits per second; 0: no limit. */
  readonly maxEgressBps: number;
  /** The highest bit rate of a stream that gets new viewers; 0: no limit. */
  readonly proxyMaxStreamBps: number;
}

/**
 * What a viewer is expected to take while no stream is measured. It is low, because the limit is checked again with the
 * measured bit rate before the viewer gets the first media.
 */
const USUAL_STREAM_BPS = 2_000_000;

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
   * Bits per second that all viewers who receive media take. A stream that is not measured yet counts with the median of
   * the others; 0 if none is measured.
   */
  get bps(): number {
    return this.sum(this.medianStreamBps ?? 0, ({ isFed }) => isFed);
  }

  /**
   * Checks that one more viewer may receive a stream. Viewers who still wait for media count too, because they will take
   * their share as soon as their streams have started.
   *
   * @param streamBps measured bit rate of the stream; null while it is unknown
   * @param leaving viewers and other clients that leave before this viewer receives it, and this viewer itself
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
    // A first viewer must be able to begin, whatever the limit is, because only then is the stream measured.
    const usualBps = this.medianStreamBps ?? Math.min(USUAL_STREAM_BPS, maxEgressBps);
    const presentBps = this.sum(usualBps, (viewer) => !leaving.includes(viewer));
    const wantedBps = streamBps ?? usualBps;
    if (presentBps + wantedBps <= maxEgressBps) return;
    throw new AppError(
      'egress_limit',
      `Viewers take ${formatRate(presentBps)} of ${formatRate(maxEgressBps)}, and one more needs ${formatRate(wantedBps)}.`,
    );
  }

  private sum(usualBps: number, counts: (viewer: Viewer) => boolean): number {
    let bps = 0;
    for (const { viewers, viewerBps } of this.streams) {
      for (const viewer of viewers) if (counts(viewer)) bps += viewerBps ?? usualBps;
    }
    return bps;
  }

  /** Null if no stream is measured. */
  private get medianStreamBps(): number | null {
    const rates = [...this.streams].flatMap(({ viewerBps }) => viewerBps ?? []);
    return rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)] ?? null;
  }
}
