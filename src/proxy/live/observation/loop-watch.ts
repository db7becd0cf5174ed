import type { EngineLivePosition } from '../../../ace';
import { type AppConfig, viewOf } from '../../../config';
import type { SteadyWallClock } from '../../../kernel/steady-wall-clock';
import { pesUnitPrint, LoopDetector } from '../../mpegts';
import { LivePositionWatch, type LivePositionFault, type StreamIngest } from '../../upstream';

/** Why a stream counts as looping. */
export interface LoopFinding {
  readonly cause: 'media_repeats' | LivePositionFault;
  /** Media time between two appearances of the same media; null for a fault of the live position. */
  readonly periodMs: number | null;
}

/** Maximum number of access units examined per call, so that a start burst does not block the event loop. */
const MAX_UNITS_PER_LOOK = 64;

/**
 * Detects that a stream repeats itself. One detector compares fingerprints of the random access points in the ring, and
 * is reset for every source. The other checks the live positions that the engine reports, and is reset for every engine
 * session.
 */
export class LoopWatch {
  private readonly detector: LoopDetector;
  private readonly position: LivePositionWatch;
  private beganAt: number | null = null;
  private next = 0;
  private mediaPeriodMs: number | null = null;
  private positionFault: LivePositionFault | null = null;

  constructor(
    private readonly ingest: StreamIngest,
    config: AppConfig,
    private readonly wallClock: Pick<SteadyWallClock, 'unixMs'>,
  ) {
    this.detector = new LoopDetector(viewOf(config, { confirmMs: 'loopDetectionAfterMs' }));
    this.position = new LivePositionWatch(
      viewOf(config, { staleAfterMs: 'loopStaleAfterMs', behindMs: 'loopStaleBehindMs' }),
    );
  }

  /** The loop that was found; null if there is none. A finding in the media takes precedence. */
  get finding(): LoopFinding | null {
    // A finding in the media of an earlier source does not count.
    const isSameSource = this.ingest.sourceBeganAt === this.beganAt;
    if (this.mediaPeriodMs !== null && isSameSource) {
      return { cause: 'media_repeats', periodMs: this.mediaPeriodMs };
    }
    return this.positionFault === null ? null : { cause: this.positionFault, periodMs: null };
  }

  /**
   * Call when the stream has a new engine session, whose live positions cannot be compared with those of the old one.
   */
  resetPosition(): void {
    this.position.reset();
    this.positionFault = null;
  }

  /** Examines the live position of the engine's newest statistics; null if it must be ignored. */
  lookAtPosition(position: EngineLivePosition | null, nowMs: number): void {
    this.positionFault = this.position.observe(position, nowMs, this.wallClock.unixMs());
  }

  /** Examines the random access points that have arrived since the last call. */
  lookAtMedia(): void {
    const { history, sourceBeganAt } = this.ingest;
    if (sourceBeganAt !== this.beganAt) {
      this.beganAt = sourceBeganAt;
      this.detector.reset();
      this.mediaPeriodMs = null;
      this.next = sourceBeganAt ?? 0;
    }
    const { leads } = history.scanner;
    if (sourceBeganAt === null) return;
    for (let units = 0; units < MAX_UNITS_PER_LOOK; units++) {
      const point = history.points.firstFrom(this.next);
      const lead = point === null ? null : leads.at(point.position);
      if (point === null || lead === null) return;
      const unit = pesUnitPrint(history.runsFrom(point.position), lead.stream.pid);
      if (unit === 'incomplete') return;
      this.next = point.position + 1;
      const timeMs = history.mediaTimeAt(point.position);
      if (unit === null || timeMs === null) continue;
      this.mediaPeriodMs = this.detector.add(unit, timeMs)?.periodMs ?? null;
    }
  }
}
