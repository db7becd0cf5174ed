import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import { SilenceCheck, type SilentEngine } from '../upstream';

/**
 * How the transfer of a body ended. `end`: the engine ended the body. `broken`: the connection to the engine broke.
 * `silent`: the engine sent nothing for too long. `paused`: the viewer took nothing for too long. `stopped`: `stop` was
 * called.
 */
export type PumpEnd = 'end' | 'broken' | 'silent' | 'paused' | 'stopped';

/** The limits of a transfer, in ms. */
export interface PumpTimes {
  /**
   * How long the first byte may take. It is longer than `silenceMs`, because after a seek the engine must first
   * download that part.
   */
  readonly firstByteMs: number;
  /** How long the engine may send nothing while the viewer could take more. */
  readonly silenceMs: number;
  /** How long the viewer may take nothing, for example because a film is paused. */
  readonly pauseMs: number;
}

const MAX_CHECK_INTERVAL_MS = 500;

/**
 * Passes the body of an engine's response to one viewer. It reads from the engine only as fast as the viewer takes
 * bytes, so that little is buffered. One timer detects silence of the engine and pauses of the viewer.
 */
export class BodyPump {
  /** Resolves when the transfer has ended. The body is then destroyed, and the sink is still open. */
  readonly ended: Promise<PumpEnd>;
  private settle: (end: PumpEnd) => void = () => undefined;
  private timer: NodeJS.Timeout | null = null;
  private isOver = false;
  private hasBytes = false;
  /**
   * Monotonic time at which the engine last sent something. While `isHeldBack`, the time at which the viewer last took
   * something.
   */
  private waitingSinceMs: number;
  /** True while the engine's body is paused until the viewer takes bytes. */
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

  /** Ends the transfer. */
  stop(): void {
    this.finish('stopped');
  }

  /** How long the engine has sent nothing, in ms; 0 while the viewer takes nothing. */
  silentForMs(nowMs: number): number {
    return this.isHeldBack ? 0 : nowMs - this.waitingSinceMs;
  }

  /** Called by the silence check when the engine does not answer a probe. */
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
    // Time in which our own event loop was blocked does not count for either side.
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
 * How an answer ended. `finished`: the kernel has taken all bytes. `gone`: the viewer has left. `paused`: the viewer
 * did not take the last bytes in time.
 */
export type AnswerEnd = 'finished' | 'gone' | 'paused';

/**
 * Ends the answer and waits until the kernel has taken all of it, but at most for `pauseMs`, because a viewer may pause
 * before it has taken the last bytes.
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
