import type { Socket } from 'node:net';
import type { RecordedFile } from '../media/recorded-file';
import type { EngineSession } from '../sessions';
import type { PlaybackEvent, PlaybackPlan, TimedEvent } from './playback-plan';
import type { ServedReader } from './served-reader';

const PIECE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 256 * 1024;
/** So many pieces in one turn; a client that reads as fast as we write must not keep the others out. */
const PIECES_PER_TURN = 16;

export interface FileReaderSurroundings {
  readonly steal: (session: EngineSession) => void;
  readonly crash: (code: number) => void;
  readonly onClose: (reader: FileReader) => void;
}

/** One connection that receives a piece of a recorded content, as fast as the client reads. */
export class FileReader implements ServedReader {
  bytes = 0;
  private state: 'feeding' | 'stalled' | 'frozen' | 'closed' = 'feeding';
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly marks: TimedEvent[];

  constructor(
    readonly session: EngineSession,
    private readonly file: RecordedFile,
    private position: number,
    private readonly until: number,
    private readonly socket: Socket,
    private readonly plan: PlaybackPlan,
    private readonly surroundings: FileReaderSurroundings,
  ) {
    session.readers.add(this);
    socket.on('drain', () => this.pump());
    socket.once('close', () => this.leave());
    this.marks = plan.events.filter(({ atBytes }) => atBytes !== null);
    for (const { event, atMs } of plan.events) {
      if (atMs !== null) this.later(atMs, () => this.apply(event));
    }
    if (plan.dataAfterMs > 0) this.stall(plan.dataAfterMs);
    setImmediate(() => this.pump());
  }

  end(): void {
    if (this.state === 'closed') return;
    this.leave();
    this.socket.end();
    // A client that does not read its buffered rest would keep the connection for ever.
    setTimeout(() => this.socket.destroy(), 2000).unref();
  }

  freeze(): void {
    if (this.state !== 'closed') this.state = 'frozen';
  }

  goOn(): void {
    if (this.state === 'closed') return;
    this.state = 'feeding';
    this.pump();
  }

  cut(how: 'end' | 'reset' | 'freeze'): void {
    this.apply({ kind: how });
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
        // Of a broadcast only.
        break;
    }
  }

  private stall(resumeAfterMs: number | null): void {
    if (this.state !== 'feeding') return;
    this.state = 'stalled';
    if (resumeAfterMs !== null) this.later(resumeAfterMs, () => this.goOn());
  }

  private pump(): void {
    if (this.plan.noData) return;
    for (let n = 0; n < PIECES_PER_TURN; n += 1) {
      if (this.state !== 'feeding' || this.socket.writableLength > HIGH_WATER_BYTES) return;
      if (this.position >= this.until) {
        this.end();
        return;
      }
      this.sendPiece();
    }
    setImmediate(() => this.pump());
  }

  /** At most up to the next moment that a fault waits for. */
  private sendPiece(): void {
    const mark = Math.min(...this.marks.map(({ atBytes }) => atBytes ?? Infinity), Infinity);
    const most = Math.min(PIECE_BYTES, Math.max(0, mark - this.bytes));
    const to = Math.min(this.until, this.position + most);
    if (to > this.position) {
      this.socket.write(this.file.read(this.position, to));
      this.bytes += to - this.position;
      this.session.bytes += to - this.position;
      this.position = to;
      this.session.touch();
    }
    for (const due of this.marks.filter(({ atBytes }) => (atBytes ?? 0) <= this.bytes)) {
      this.marks.splice(this.marks.indexOf(due), 1);
      this.apply(due.event);
    }
  }

  private later(ms: number, act: () => void): void {
    this.timers.push(setTimeout(act, ms));
  }

  private leave(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    for (const timer of this.timers) clearTimeout(timer);
    this.file.close();
    this.session.readers.delete(this);
    this.session.touch();
    this.surroundings.onClose(this);
  }
}
