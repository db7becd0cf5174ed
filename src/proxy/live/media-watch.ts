import { monotonicMs } from '../../kernel/clock';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import type { AppConfig } from '../../config';
import {
  BurstDetector,
  shouldPause,
  SilenceCheck,
  type SilentEngine,
  type StreamIngest,
  type UpstreamReader,
} from '../upstream';
import type { StreamFanout, Viewer } from '../viewers';
import type { StallReason } from './stream-reporter';

/** What the media watch needs from its stream. */
export interface WatchedMedia extends SilentEngine {
  readonly viewers: ReadonlySet<Viewer>;
  /** True from the first join point until the stream ends. */
  isRunning(): boolean;
  /** The reader of the source in use; null if there is none. */
  reader(): UpstreamReader | null;
  /** Called in each tick while no media have arrived for PROXY_KEEPALIVE_AFTER. The last arrived at `lastMediaMs`. */
  silent(reason: StallReason, lastMediaMs: number): void;
  /** Called when no media have arrived for the whole outage budget. */
  outageOver(silentMs: number): void;
  /** Called when a tick has thrown an error. */
  fault(error: unknown): void;
}

const MAX_TICK_MS = 500;
const MIN_TICK_MS = 20;

/**
 * Checks how media flow through a stream, with one timer. Each tick checks the source for silence, paces the start
 * burst, checks slow viewers, and bridges silence with null packets. The checks share the timer because all of them
 * must allow for the same event loop lag.
 */
export class MediaWatch {
  private timer: NodeJS.Timeout;
  private tickMs: number;
  private readonly lateness: EventLoopLag;
  private readonly silence: SilenceCheck;
  private lastKeepAliveMs = 0;
  /** Silence before this monotonic time does not count, because our event loop was late. */
  private silentFromMs = 0;
  private burst: { readonly reader: UpstreamReader | null; readonly gauge: BurstDetector } = {
    reader: null,
    gauge: new BurstDetector(0),
  };

  constructor(
    private readonly ingest: StreamIngest,
    private readonly fanout: StreamFanout,
    private readonly config: AppConfig,
    private readonly stream: WatchedMedia,
  ) {
    this.tickMs = tickFor(config);
    this.lateness = new EventLoopLag(this.tickMs, monotonicMs());
    this.silence = new SilenceCheck(stream, this.lateness);
    this.timer = this.startTimer();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /**
   * Pauses or resumes the source to pace its start burst. Call it whenever media arrive, because a burst can fill the
   * ring within one tick.
   */
  regulateBurst(nowMs: number): void {
    const reader = this.stream.reader();
    if (reader === null) return;
    // Restart the burst detector for a new source, and while the media of a source are staged outside the ring.
    if (reader !== this.burst.reader || this.ingest.sourceBeganAt === null) {
      this.burst = { reader, gauge: new BurstDetector(nowMs) };
    }
    const isPaused = reader.pausedForMs > 0;
    const aheadMs = this.ingest.aheadOfWallMs(nowMs);
    const isBursting = this.burst.gauge.isBursting(aheadMs, nowMs, isPaused);
    this.fanout.setBursting(isBursting);
    if (!isBursting) {
      reader.resume();
      return;
    }
    const { history } = this.ingest;
    let fastest = -1;
    for (const viewer of this.stream.viewers) {
      if (viewer.state === 'streaming' && viewer.socket !== null && viewer.cursor > fastest) {
        fastest = viewer.cursor;
      }
    }
    const pause = shouldPause({
      aheadMs,
      fastestBehindMs: fastest < 0 ? null : history.mediaMsBehind(fastest),
      fastestBehindShare:
        fastest < 0 ? null : (history.ring.end - fastest) / history.ring.capacityBytes,
      maxLagMs: this.fanout.maxLagMs,
      pausedForMs: reader.pausedForMs,
      maxPauseMs: this.config.proxyStallTimeoutMs,
    });
    if (pause) reader.pause();
    else reader.resume();
  }

  private startTimer(): NodeJS.Timeout {
    return setInterval(() => {
      try {
        this.tick();
      } catch (error) {
        this.stream.fault(error);
      }
    }, this.tickMs);
  }

  /** Follows settings that have changed since the last tick. */
  private adjustTimer(): void {
    const tickMs = tickFor(this.config);
    if (tickMs === this.tickMs) return;
    this.tickMs = tickMs;
    this.lateness.intervalMs = tickMs;
    clearInterval(this.timer);
    this.timer = this.startTimer();
  }

  private tick(): void {
    const nowMs = monotonicMs();
    const isLate = this.lateness.at(nowMs) > 0;
    this.adjustTimer();
    const reader = this.stream.reader();
    if (isLate) {
      // Media that arrived while our event loop was late are not read yet, so the source may not have been silent.
      reader?.resetSilence(nowMs);
      this.silentFromMs = nowMs;
    } else {
      reader?.check(nowMs);
      if (reader !== null && this.stream.isRunning()) this.silence.look(reader, nowMs);
    }
    this.regulateBurst(nowMs);
    this.fanout.sweep(nowMs, isLate);
    this.ingest.history.trim(nowMs);
    this.bridgeSilence(nowMs);
  }

  /** Sends null packets while the source is silent, and ends the stream when the outage budget is spent. */
  private bridgeSilence(nowMs: number): void {
    const lastMediaMs = this.ingest.lastMediaMs;
    if (lastMediaMs === null || !this.stream.isRunning()) return;
    const reader = this.stream.reader();
    if (reader !== null && reader.pausedForMs > 0) return;
    // Do not count our own pause or event loop lag as silence of the source.
    const fromMs = Math.max(lastMediaMs, this.silentFromMs, reader?.resumedMs ?? 0);
    const silentMs = nowMs - fromMs;
    if (silentMs < this.config.proxyKeepaliveAfterMs) return;
    this.stream.silent(reader === null ? 'source_ended' : 'silence', lastMediaMs);
    if (silentMs >= this.config.proxyOutageBudgetMs) {
      this.stream.outageOver(silentMs);
      return;
    }
    // Allow for half a tick, or a tick that fires slightly early would delay the null packets by a whole tick.
    if (nowMs - this.lastKeepAliveMs < this.config.proxyKeepaliveIntervalMs - this.tickMs / 2)
      return;
    this.lastKeepAliveMs = nowMs;
    this.fanout.keepAlive();
  }
}

/** Often enough for the shortest of the times that a tick checks. */
function tickFor(config: AppConfig): number {
  const shortest = Math.min(
    config.proxyKeepaliveIntervalMs,
    config.proxyStallTimeoutMs / 4,
    config.proxyClientStallTimeoutMs / 4,
  );
  return Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, shortest));
}
