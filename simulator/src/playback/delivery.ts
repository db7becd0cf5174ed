import type { Socket } from 'node:net';
import type { EngineSession } from '../sessions';
import type { PlaybackEvent, TimedEvent } from './playback-plan';
import type { ServedReader } from './served-reader';

export interface DeliveryContext {
  /** Ends the session for the API while its reader continues. */
  readonly steal: (session: EngineSession) => void;
  readonly crash: (code: number) => void;
  readonly onClose: (reader: ServedReader) => void;
}

/** Events that change the media of a broadcast; all others affect the connection. */
export type BroadcastEvent = Extract<PlaybackEvent, { kind: 'pcr_jump' | 'loop_back' }>;

/** A client that does not read its buffered rest would keep the connection open for ever. */
const END_WITHIN_MS = 2000;

/**
 * One connection that receives media, live or recorded, and the faults that affect it: `feeding ⇄ stalled →
 * closed`, and `frozen`, which only the control API ends. Subclasses define the media and their timing.
 */
export abstract class Delivery implements ServedReader {
  /** Media bytes written to the connection. */
  bytes = 0;
  private state: 'feeding' | 'stalled' | 'frozen' | 'closed' = 'feeding';
  private readonly pending: TimedEvent[];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    readonly session: EngineSession,
    protected readonly socket: Socket,
    events: readonly TimedEvent[],
    private readonly context: DeliveryContext,
  ) {
    this.pending = [...events];
    session.readers.add(this);
    socket.on('drain', () => this.pump());
    socket.once('close', () => this.leave());
  }

  /** Sends the media that are due. */
  abstract pump(): void;

  /** Ends the connection within a packet, if the media have packets. */
  abstract cut(how: 'end' | 'reset' | 'freeze'): void;

  /** Ends the body correctly, and the connection with it. */
  protected abstract endBody(): void;

  /** Releases the reader's resources; called once. */
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

  resume(): void {
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
        this.context.steal(this.session);
        this.apply({ kind: event.how });
        break;
      case 'crash':
        this.context.crash(event.code);
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
    if (resumeAfterMs !== null) this.later(resumeAfterMs, () => this.resume());
  }

  /** Does nothing if the connection has ended by then. */
  protected later(ms: number, act: () => void): void {
    this.timers.push(setTimeout(act, ms));
  }

  protected countSent(bytes: number): void {
    this.bytes += bytes;
    this.session.bytes += bytes;
    this.session.touch();
  }

  /** Number of bytes at which the next event is due; null if no event waits for bytes. */
  protected nextByteMark(): number | null {
    const marks = this.pending.flatMap(({ atBytes }) => atBytes ?? []);
    return marks.length === 0 ? null : Math.min(...marks);
  }

  /** Triggers the events that waited for the number of bytes sent. */
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
    this.context.onClose(this);
  }
}
