import type { IncomingMessage } from 'node:http';
import type { IngestVerdict } from './stream-ingest';

/** Where a source's bytes go. */
export interface SourceIntake {
  /** Grows with every media packet. */
  readonly mediaPackets: number;
  /** Viewers have been let in. */
  readonly isJoinable: boolean;
  beginSource(): void;
  push(data: Buffer, nowMs: number): IngestVerdict;
}

/**
 * Why a source ended. `aborted` is our own doing, `superseded` too: another one has taken its place. `fault` is an error
 * inside the proxy.
 */
export type UpstreamEnd =
  | 'aborted'
  | 'superseded'
  | 'fault'
  | 'end'
  | 'reset'
  | 'silence'
  | Desertion
  | Exclude<IngestVerdict, 'ok'>;

/**
 * Why a source is left although its connection is open: the engine says that its session is gone, it repeats itself, no
 * place for it in the stream was found, or it is silent and its engine answers no probe.
 */
export type Desertion = 'session_gone' | 'looping' | 'no_splice_point' | 'engine_unresponsive';

export interface UpstreamTimes {
  /** No media byte for this long ends the source, once the first has come; so do media that nobody can join. */
  readonly silenceMs: number;
  /** No media byte until this monotonic time ends the source before the first has come. */
  readonly firstMediaDeadlineMs: number;
}

/**
 * Reads one opened playback response into the ingest until it ends, and watches for silence. Neither
 * padding nor PSI counts as a sign of life. Owns no timer: the session's tick calls `check`.
 */
export class UpstreamReader {
  /** Settles once, with the first reason to end. */
  readonly ended: Promise<UpstreamEnd>;
  /** The error behind `fault`. */
  fault: unknown = null;
  /** Monotonic time of the end of the last pause; 0 when there was none. */
  resumedMs = 0;
  private settle: (end: UpstreamEnd) => void = () => undefined;
  private isOver = false;
  private firstMediaMs: number | null = null;
  private lastSignMs: number;
  private pausedSinceMs: number | null = null;

  constructor(
    private readonly response: IncomingMessage,
    private readonly ingest: SourceIntake,
    private readonly times: UpstreamTimes,
    private readonly now: () => number,
  ) {
    this.lastSignMs = now();
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** Media of this source have arrived. */
  get isFlowing(): boolean {
    return this.firstMediaMs !== null;
  }

  start(): void {
    this.ingest.beginSource();
    let seen = this.ingest.mediaPackets;
    this.response.on('data', (data: Buffer) => {
      if (this.isOver) return;
      const nowMs = this.now();
      let verdict: IngestVerdict;
      try {
        verdict = this.ingest.push(data, nowMs);
      } catch (error) {
        // One channel's bytes must not end the others'.
        this.fault = error;
        this.finish('fault');
        return;
      }
      const packets = this.ingest.mediaPackets;
      if (packets !== seen) {
        seen = packets;
        this.firstMediaMs ??= nowMs;
        this.lastSignMs = nowMs;
      }
      if (verdict !== 'ok') this.finish(verdict);
    });
    this.response.on('end', () => this.finish(this.response.complete ? 'end' : 'reset'));
    this.response.on('error', () => this.finish('reset'));
    this.response.on('close', () => this.finish('reset'));
    // The engine, or an abort, may have broken it off before anybody listened.
    if (this.response.destroyed) this.finish('reset');
  }

  /** The watchdog; call it at least twice per `silenceMs`. */
  check(nowMs: number): void {
    if (this.pausedSinceMs !== null) {
      this.lastSignMs = nowMs;
      return;
    }
    if (this.isSilent(nowMs)) this.finish('silence');
  }

  /** Time without media, without the time that we paused it or that our own event loop was late. */
  silentForMs(nowMs: number): number {
    return this.pausedSinceMs === null ? nowMs - this.lastSignMs : 0;
  }

  /** Our own event loop was late: what it missed is not the source's silence. */
  forgive(nowMs: number): void {
    this.lastSignMs = nowMs;
  }

  get pausedForMs(): number {
    return this.pausedSinceMs === null ? 0 : this.now() - this.pausedSinceMs;
  }

  pause(): void {
    if (this.pausedSinceMs !== null || this.isOver) return;
    this.pausedSinceMs = this.now();
    this.response.pause();
  }

  resume(): void {
    if (this.pausedSinceMs === null) return;
    this.pausedSinceMs = null;
    this.resumedMs = this.now();
    this.lastSignMs = this.resumedMs;
    this.response.resume();
  }

  /** Ends the source for what was learned beside the media. */
  leave(why: Desertion): void {
    this.finish(why);
  }

  /** Another source goes on from here: nothing of what still comes is taken. */
  supersede(): void {
    this.finish('superseded');
  }

  abort(): void {
    this.finish('aborted');
  }

  /** Media that nobody can join, for want of PAT and PMT, are no better than silence: a start has to settle. */
  private isSilent(nowMs: number): boolean {
    const { silenceMs, firstMediaDeadlineMs } = this.times;
    const { firstMediaMs } = this;
    if (firstMediaMs === null) return nowMs >= firstMediaDeadlineMs;
    if (nowMs - this.lastSignMs >= silenceMs) return true;
    return (
      !this.ingest.isJoinable && nowMs >= Math.max(firstMediaDeadlineMs, firstMediaMs + silenceMs)
    );
  }

  private finish(end: UpstreamEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.response.destroy();
    this.settle(end);
  }
}
