import type { Socket } from 'node:net';
import type { EngineSession } from '../sessions';
import type { PlaybackEvent, TimedEvent } from './playback-plan';
import type { ServedReader } from './served-reader';

export interface DeliverySurroundings {
  /** Ends the session for the API while its reader goes on. */
  readonly steal: (session: EngineSession) => void;
  readonly crash: (code: number) => void;
  readonly onClose: (reader: ServedReader) => void;
}

/** Events that change what a broadcast sends; all others happen to the connection. */
export type BroadcastEvent = Extract<PlaybackEvent, { kind: 'pcr_jump' | 'loop_back' }>;

/** A client that does not read its buffered rest would keep the connection for ever. */
const END_WITHIN_MS = 2000;

/**
 * One connection that receives media, live or recorded, and what faults do to it: `feeding ⇄ stalled → closed`, and
 * `frozen`, from which only the control API leads back. What is sent, and when, is for those who extend it.
 */
export abstract class Delivery implements ServedReader {
  /** Media bytes handed to the connection. */
  bytes = 0;
  private state: 'feeding' | 'stalled' | 'frozen' | 'closed' = 'feeding';
  private readonly pending: TimedEvent[];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    readonly session: EngineSession,
    protected readonly socket: Socket,
    events: readonly TimedEvent[],
    private readonly surroundings: DeliverySurroundings,
  ) {
    this.pending = [...events];
    session.readers.add(this);
    socket.on('drain', () => this.pump());
    socket.once('close', () => this.leave());
  }

  /** Sends what is due. */
  abstract pump(): void;

  /** Breaks off within a packet, where there are any. */
  abstract cut(how: 'end' | 'reset' | 'freeze'): void;

  /** Ends the body cleanly, and the connection with it. */
  protected abstract endBody(): void;

  /** Gives back what the reader holds; called once. */
  protected abstract release(): void;

  protected abstract alter(event: BroadcastEvent): void;

  end(): void {
    if (this.state === 'closed') return;
    this.leave();
    this.endBody();
    setTimeout(() => this.socket.destroy(), END_WITHIN_MS).unref();
  }

  freeze(): void {
    if (this.state !== 'closed') this.state = 'frozen';
  }

  goOn(): void {
    if (this.state === 'closed') return;
    this.state = 'feeding';
    this.pump();
  }

  apply(event: PlaybackEvent): void {
    switch (event.kind) {
      case 'stall':
        this.stall(event.resumeAfterMs);
        break;
      case 'end':
        this.end();
        break;
      case 'reset':
        this.leave();
        this.socket.resetAndDestroy();
        break;
      case 'freeze':
        this.freeze();
        break;
      case 'steal':
        this.surroundings.steal(this.session);
        this.apply({ kind: event.how });
        break;
      case 'crash':
        this.surroundings.crash(event.code);
        break;
      case 'pcr_jump':
      case 'loop_back':
        this.alter(event);
        break;
    }
  }

  protected isFeeding(): boolean {
    return this.state === 'feeding';
  }

  protected stall(resumeAfterMs: number | null): void {
    if (!this.isFeeding()) return;
    this.state = 'stalled';
    if (resumeAfterMs !== null) this.later(resumeAfterMs, () => this.goOn());
  }

  /** Unless the connection is over by then. */
  protected later(ms: number, act: () => void): void {
    this.timers.push(setTimeout(act, ms));
  }

  protected countSent(bytes: number): void {
    this.bytes += bytes;
    this.session.bytes += bytes;
    this.session.touch();
  }

  /** At how many bytes the next event is due; null when none waits for bytes. */
  protected nextByteMark(): number | null {
    const marks = this.pending.flatMap(({ atBytes }) => atBytes ?? []);
    return marks.length === 0 ? null : Math.min(...marks);
  }

  /** Lets happen what waited for as many bytes as were sent. */
  protected fireAtBytes(): void {
    this.fire(({ atBytes }) => atBytes !== null && this.bytes >= atBytes);
  }

  protected fire(isDue: (timed: TimedEvent) => boolean): void {
    for (const timed of this.pending.filter(isDue)) {
      this.pending.splice(this.pending.indexOf(timed), 1);
      this.apply(timed.event);
    }
  }

  private leave(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    for (const timer of this.timers) clearTimeout(timer);
    this.release();
    this.session.readers.delete(this);
    this.session.touch();
    this.surroundings.onClose(this);
  }
}
