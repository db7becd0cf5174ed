import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import { SilenceCheck, type SilentEngine } from '../live';

/**
 * How the transfer of one body ended. `end`: it is complete; `broken`, `silent`: the engine failed;
 * `paused`: the viewer has taken nothing for too long; `stopped`: `stop` was called.
 */
export type PumpEnd = 'end' | 'broken' | 'silent' | 'paused' | 'stopped';

export interface PumpTimes {
  /** How long the first byte may take: an engine first has to fetch what is behind a jump. */
  readonly firstByteMs: number;
  /** Silence of the engine, while the viewer would take more. */
  readonly silenceMs: number;
  /** How long the viewer may take nothing, as when a film is paused. */
  readonly pauseMs: number;
}

const LOOK_AT_LEAST_EVERY_MS = 500;

/**
 * Hands one engine's body through to one viewer. What the viewer does not take is not read from the engine, so that
 * at most one piece waits on either side. Owns one timer, for both kinds of silence.
 */
export class BodyPump {
  /** Settles once. The body is closed then, the sink is as it was. */
  readonly ended: Promise<PumpEnd>;
  private settle: (end: PumpEnd) => void = () => undefined;
  private timer: NodeJS.Timeout | null = null;
  private isOver = false;
  private hasBytes = false;
  /** Since when the engine owes bytes, or, while the viewer does not take any, the viewer room. */
  private waitingSinceMs: number;
  private isHeldBack = false;
  private readonly lateness: EventLoopLag;
  private readonly everyMs: number;
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
    this.everyMs = Math.max(10, Math.min(LOOK_AT_LEAST_EVERY_MS, shortestMs / 4));
    this.lateness = new EventLoopLag(this.everyMs, this.waitingSinceMs);
    this.silence = new SilenceCheck(engine, this.lateness, now);
  }

  start(): void {
    const { body, sink } = this;
    this.timer = setInterval(() => this.look(), this.everyMs);
    sink.on('drain', this.onDrain);
    body.on('end', () => this.finish(body.complete ? 'end' : 'broken'));
    body.on('error', () => this.finish('broken'));
    body.on('close', () => this.finish('broken'));
    body.on('data', (data: Buffer) => this.push(data));
    // The engine may have broken it off before anybody listened.
    if (body.destroyed) this.finish('broken');
  }

  stop(): void {
    this.finish('stopped');
  }

  /** Time without bytes from the engine, while the viewer would take more. */
  silentForMs(nowMs: number): number {
    return this.isHeldBack ? 0 : nowMs - this.waitingSinceMs;
  }

  /** The engine answers nothing any more. */
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

  private look(): void {
    const nowMs = this.now();
    // What our own event loop missed is nobody's silence.
    this.waitingSinceMs += this.lateness.at(nowMs);
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

/** `gone`: the viewer hung up; `paused`: it has not taken the last bytes for too long. */
export type AnswerEnd = 'finished' | 'gone' | 'paused';

/** Ends the answer and waits until the kernel has all of it: a viewer may pause on the last bytes, too. */
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
