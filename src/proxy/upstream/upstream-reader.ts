import type { Readable } from 'node:stream';
import type { IngestVerdict } from './stream-ingest';

/** The media of a source: bytes of one transport stream, without gaps. */
export interface MediaBody extends Readable {
  /** Valid after the end: false if the body was cut off. */
  readonly complete: boolean;
}

/** Receives the bytes of a source. */
export interface SourceIntake {
  /** Grows with every media packet. */
  readonly mediaPackets: number;
  /** True once viewers can join. */
  readonly isJoinable: boolean;
  beginSource(): void;
  push(data: Buffer, nowMs: number): IngestVerdict;
}

/**
 * Why a source ended. `aborted`: we closed it. `superseded`: another source replaced it. `fault`: an error inside the
 * proxy.
 */
export type UpstreamEnd =
  | 'aborted'
  | 'superseded'
  | 'fault'
  | 'end'
  | 'reset'
  | 'silence'
  | AbandonReason
  | Exclude<IngestVerdict, 'ok'>;

/**
 * Why a source is abandoned although its connection is open: its engine reports that the session is gone, its media
 * repeat, no splice point was found, or it is silent and its engine does not answer a probe.
 */
export type AbandonReason = 'session_gone' | 'looping' | 'no_splice_point' | 'engine_unresponsive';

export interface UpstreamTimes {
  /**
   * Returns the maximum silence after the first media, and maximum time in which media may arrive before viewers can
   * join. The setting may change while a source is read.
   */
  readonly silenceMs: () => number;
  /** Monotonic time by which the first media must have arrived. */
  readonly firstMediaDeadlineMs: number;
}

/**
 * Reads one media body into the ingest until it ends, and watches for silence. Padding and tables do not count as
 * media. The reader has no timer: the stream's tick calls `check`.
 */
export class UpstreamReader {
  /** Settles once, with the first reason why the source ended. */
  readonly ended: Promise<UpstreamEnd>;
  /** The error that caused `fault`. */
  fault: unknown = null;
  /** Monotonic time at which the last pause ended; 0 if there was none. */
  resumedMs = 0;
  private settle: (end: UpstreamEnd) => void = () => undefined;
  private isOver = false;
  private firstMediaMs: number | null = null;
  /** Start of the current silence: when media arrived, a pause ended, or our event loop was found late. */
  private silentSinceMs: number;
  private pausedSinceMs: number | null = null;

  constructor(
    private readonly body: MediaBody,
    private readonly ingest: SourceIntake,
    private readonly times: UpstreamTimes,
    private readonly now: () => number,
  ) {
    this.silentSinceMs = now();
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** True once media of this source have arrived. */
  get isFlowing(): boolean {
    return this.firstMediaMs !== null;
  }

  start(): void {
    this.ingest.beginSource();
    let seen = this.ingest.mediaPackets;
    this.body.on('data', (data: Buffer) => {
      if (this.isOver) return;
      const nowMs = this.now();
      let verdict: IngestVerdict;
      try {
        verdict = this.ingest.push(data, nowMs);
      } catch (error) {
        // An error in one stream must not end the process and thereby all others.
        this.fault = error;
        this.finish('fault');
        return;
      }
      const packets = this.ingest.mediaPackets;
      if (packets !== seen) {
        seen = packets;
        this.firstMediaMs ??= nowMs;
        this.silentSinceMs = nowMs;
      }
      if (verdict !== 'ok') this.finish(verdict);
    });
    this.body.on('end', () => this.finish(this.body.complete ? 'end' : 'reset'));
    this.body.on('error', () => this.finish('reset'));
    this.body.on('close', () => this.finish('reset'));
    // The body may have been destroyed before the listeners were attached.
    if (this.body.destroyed) this.finish('reset');
  }

  /** Ends the source if it is silent. Call at least twice per `silenceMs`. */
  check(nowMs: number): void {
    if (this.pausedSinceMs !== null) {
      this.silentSinceMs = nowMs;
      return;
    }
    if (this.isSilent(nowMs)) this.finish('silence');
  }

  /** Time without media, not counting pauses and the lag of our own event loop. */
  silentForMs(nowMs: number): number {
    return this.pausedSinceMs === null ? nowMs - this.silentSinceMs : 0;
  }

  /** Restarts the silence measurement after our own event loop was late, because the source was not silent. */
  resetSilence(nowMs: number): void {
    this.silentSinceMs = nowMs;
  }

  get pausedForMs(): number {
    return this.pausedSinceMs === null ? 0 : this.now() - this.pausedSinceMs;
  }

  pause(): void {
    if (this.pausedSinceMs !== null || this.isOver) return;
    this.pausedSinceMs = this.now();
    this.body.pause();
  }

  resume(): void {
    if (this.pausedSinceMs === null) return;
    this.pausedSinceMs = null;
    this.resumedMs = this.now();
    this.silentSinceMs = this.resumedMs;
    this.body.resume();
  }

  /** Ends the source for a reason other than its bytes. */
  leave(reason: AbandonReason): void {
    this.finish(reason);
  }

  /** Another source replaces this one; bytes that still arrive are discarded. */
  supersede(): void {
    this.finish('superseded');
  }

  abort(): void {
    this.finish('aborted');
  }

  /**
   * Viewers cannot join media without PAT and PMT, so these count as silence: a start must not wait for them forever.
   */
  private isSilent(nowMs: number): boolean {
    const { firstMediaDeadlineMs } = this.times;
    const silenceMs = this.times.silenceMs();
    const { firstMediaMs } = this;
    if (firstMediaMs === null) return nowMs >= firstMediaDeadlineMs;
    if (nowMs - this.silentSinceMs >= silenceMs) return true;
    return (
      !this.ingest.isJoinable && nowMs >= Math.max(firstMediaDeadlineMs, firstMediaMs + silenceMs)
    );
  }

  private finish(end: UpstreamEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.body.destroy();
    this.settle(end);
  }
}
