import { monotonicMs } from '../../kernel/clock';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import type { AppConfig } from '../../config';
import { BurstDetector, shouldPause, type StreamIngest, type UpstreamReader } from '../upstream';
import type { StreamFanout, Viewer } from '../viewers';
import { SilenceCheck, type SilentEngine } from './silence-check';
import type { StallReason } from './stream-reporter';

export interface MediaWatchOwner extends SilentEngine {
  readonly viewers: ReadonlySet<Viewer>;
  /** Media have reached viewers and the session is not over. */
  isRunning(): boolean;
  reader(): UpstreamReader | null;
  /** A running stream has had no media since `lastMediaMs`, PROXY_KEEPALIVE_AFTER ago. Called on every tick until it has. */
  silent(reason: StallReason, lastMediaMs: number): void;
  /** The outage budget is spent. */
  outageOver(silentMs: number): void;
  /** A look threw. */
  fault(error: unknown): void;
}

const MAX_TICK_MS = 500;
const MIN_TICK_MS = 20;

/**
 * The one timer of a session: looks at the upstream's silence, at the start burst and at slow viewers, and
 * bridges silence with null packets. All of it in one place, because each look depends on the same clock
 * and on whether our own event loop kept up.
 */
export class MediaWatch {
  private readonly timer: NodeJS.Timeout;
  private readonly tickMs: number;
  private readonly lateness: EventLoopLag;
  private readonly silence: SilenceCheck;
  private lastKeepAliveMs = 0;
  /** Silence counts from here at the earliest. */
  private silentFromMs = 0;
  private burst: { readonly reader: UpstreamReader | null; readonly gauge: BurstDetector } = {
    reader: null,
    gauge: new BurstDetector(0),
  };

  constructor(
    private readonly ingest: StreamIngest,
    private readonly fanout: StreamFanout,
    private readonly config: AppConfig,
    private readonly owner: MediaWatchOwner,
  ) {
    const shortest = Math.min(
      config.proxyKeepaliveIntervalMs,
      config.proxyStallTimeoutMs / 4,
      config.proxyClientStallTimeoutMs / 4,
    );
    this.tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, shortest));
    this.lateness = new EventLoopLag(this.tickMs, monotonicMs());
    this.silence = new SilenceCheck(owner, this.lateness);
    this.timer = setInterval(() => {
      try {
        this.tick();
      } catch (error) {
        owner.fault(error);
      }
    }, this.tickMs);
  }

  close(): void {
    clearInterval(this.timer);
  }

  /**
   * Pauses or resumes the upstream for the start burst. Looked at when media arrive, because a burst fills
   * a ring within one tick.
   */
  regulateBurst(nowMs: number): void {
    const reader = this.owner.reader();
    if (reader === null) return;
    // What is held back until its place is found is no burst yet, however long that takes.
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
    for (const viewer of this.owner.viewers) {
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

  private tick(): void {
    const nowMs = monotonicMs();
    const isLate = this.lateness.at(nowMs) > 0;
    const reader = this.owner.reader();
    if (isLate) {
      // The data of the time that we missed still wait to be read.
      reader?.resetSilence(nowMs);
      this.silentFromMs = nowMs;
    } else {
      reader?.check(nowMs);
      if (reader !== null && this.owner.isRunning()) this.silence.look(reader, nowMs);
    }
    this.regulateBurst(nowMs);
    this.fanout.sweep(nowMs, isLate);
    this.ingest.history.trim(nowMs);
    this.bridgeSilence(nowMs);
  }

  private bridgeSilence(nowMs: number): void {
    const lastMediaMs = this.ingest.lastMediaMs;
    if (lastMediaMs === null || !this.owner.isRunning()) return;
    const reader = this.owner.reader();
    if (reader !== null && reader.pausedForMs > 0) return;
    // Neither a pause nor our own lateness is silence of the source.
    const fromMs = Math.max(lastMediaMs, this.silentFromMs, reader?.resumedMs ?? 0);
    const silentMs = nowMs - fromMs;
    if (silentMs < this.config.proxyKeepaliveAfterMs) return;
    this.owner.silent(reader === null ? 'source_ended' : 'silence', lastMediaMs);
    if (silentMs >= this.config.proxyOutageBudgetMs) {
      this.owner.outageOver(silentMs);
      return;
    }
    // A tick may come a little early for the interval; the next one would be late by a whole tick.
    if (nowMs - this.lastKeepAliveMs < this.config.proxyKeepaliveIntervalMs - this.tickMs / 2)
      return;
    this.lastKeepAliveMs = nowMs;
    this.fanout.keepAlive();
  }
}
