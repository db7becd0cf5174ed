import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import { SilenceCheck, type SilentEngine } from '../upstream';

/**
 * How the transfer of a body ended. `end`: the body is complete. `broken`, `silent`: the engine failed. `paused`: the
 * viewer has taken nothing for too long. `stopped`: `stop` was called.
 */
export type PumpEnd = 'end' | 'broken' | 'silent' | 'paused' | 'stopped';

export interface PumpTimes {
  /**
   * Limit for the first byte. It is longer than `silenceMs`, because after a seek the engine must first download that
   * part.
   */
  readonly firstByteMs: number;
  /** Limit of silence of the engine while the viewer could take more. */
  readonly silenceMs: number;
  /** Limit of the time during which the viewer takes nothing, for example because a film is paused. */
  readonly pauseMs: number;
}

const MAX_CHECK_INTERVAL_MS = 500;

/**
 * Passes the body of one engine's response to one viewer. It reads from the engine only what the viewer takes, so that
 * at most one piece is buffered on either side. One timer detects silence of the engine and pauses of the viewer.
 */
export class BodyPump {
  /** Settles once, after the body was destroyed. The sink stays open. */
  readonly ended: Promise<PumpEnd>;
  private settle: (end: PumpEnd) => void = () => undefined;
  private timer: NodeJS.Timeout | null = null;
  private isOver = false;
  private hasBytes = false;
  /**
   * Monotonic ms since when the engine has sent nothing, or, while `isHeldBack`, since when the viewer has taken
   * nothing.
   */
  private waitingSinceMs: number;
  private isHeldBack = false;
  private readonly lag: EventLoopLag;
  private readonly intervalMs: number;
  private readonly silence: SilenceCheck;

  constructor(
    private readonly body: IncomingMessage,
    private readonly sink: Writable,
    private readonly times: PumpTimes,
    private readonly onBytes: (bytes: number) => void,
    private readonly now: () => number,
    engine: SilentEngine,
  ) {
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.waitingSinceMs = now();
    const shortestMs = Math.min(times.firstByteMs, times.silenceMs, times.pauseMs);
    this.intervalMs = Math.max(10, Math.min(MAX_CHECK_INTERVAL_MS, shortestMs / 4));
    this.lag = new EventLoopLag(this.intervalMs, this.waitingSinceMs);
    this.silence = new SilenceCheck(engine, this.lag, now);
  }

  start(): void {
    const { body, sink } = this;
    this.timer = setInterval(() => this.check(), this.intervalMs);
    sink.on('drain', this.onDrain);
    body.on('end', () => this.finish(body.complete ? 'end' : 'broken'));
    body.on('error', () => this.finish('broken'));
    body.on('close', () => this.finish('broken'));
    body.on('data', (data: Buffer) => this.push(data));
    // The connection may have broken before the listeners were attached.
    if (body.destroyed) this.finish('broken');
  }

  stop(): void {
    this.finish('stopped');
  }

  /** Time without bytes from the engine; 0 while the viewer takes nothing. */
  silentForMs(nowMs: number): number {
    return this.isHeldBack ? 0 : nowMs - this.waitingSinceMs;
  }

  /** Called when the engine does not answer a probe. */
  leave(): void {
    this.finish('silent');
  }

  private push(data: Buffer): void {
    if (this.isOver) return;
    this.hasBytes = true;
    this.waitingSinceMs = this.now();
    this.onBytes(data.length);
    if (this.sink.write(data)) return;
    this.isHeldBack = true;
    this.body.pause();
  }

  private readonly onDrain = (): void => {
    if (this.isOver || !this.isHeldBack) return;
    this.isHeldBack = false;
    this.waitingSinceMs = this.now();
    this.body.resume();
  };

  private check(): void {
    const nowMs = this.now();
    // Neither side counts as silent for time in which our event loop was blocked.
    this.waitingSinceMs += this.lag.at(nowMs);
    const waitedMs = nowMs - this.waitingSinceMs;
    const { firstByteMs, silenceMs, pauseMs } = this.times;
    if (this.isHeldBack) {
      if (waitedMs >= pauseMs) this.finish('paused');
    } else if (waitedMs >= (this.hasBytes ? silenceMs : firstByteMs)) this.finish('silent');
    else this.silence.look(this, nowMs);
  }

  private finish(end: PumpEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.sink.off('drain', this.onDrain);
    this.body.destroy();
    this.settle(end);
  }
}

/**
 * `finished`: the kernel has taken all bytes. `gone`: the viewer hung up. `paused`: the viewer has not taken the last
 * bytes in time.
 */
export type AnswerEnd = 'finished' | 'gone' | 'paused';

/**
 * Ends the answer and waits until the kernel has taken all of it, because a viewer may pause during the last bytes too.
 */
export function endAnswer(
  sink: Writable,
  pauseMs: number,
  signal: AbortSignal,
): Promise<AnswerEnd> {
  return new Promise((resolve) => {
    const settle = (end: AnswerEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(end);
    };
    const onAbort = (): void => settle('gone');
    const timer = setTimeout(() => settle('paused'), pauseMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) settle('gone');
    else sink.end(() => settle('finished'));
  });
}
