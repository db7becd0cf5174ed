import type { Socket } from 'node:net';
import type { RecordedFile } from '../media/recorded-file';
import type { EngineSession } from '../sessions';
import { Delivery, type DeliveryContext } from './delivery';
import type { PlaybackPlan } from './playback-plan';

const PIECE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 256 * 1024;
/** Number of pieces per turn; a client that reads as fast as we write must not block the others. */
const PIECES_PER_TURN = 16;

/** One connection that receives a part of a recorded content, as fast as the client reads. */
export class FileReader extends Delivery {
  constructor(
    session: EngineSession,
    private readonly file: RecordedFile,
    private position: number,
    private readonly until: number,
    socket: Socket,
    private readonly plan: PlaybackPlan,
    context: DeliveryContext,
  ) {
    super(
      session,
      socket,
      plan.events.filter(({ atBytes }) => atBytes !== null),
      context,
    );
    for (const { event, atMs } of plan.events) {
      if (atMs !== null) this.later(atMs, () => this.apply(event));
    }
    if (plan.dataAfterMs > 0) this.stall(plan.dataAfterMs);
    setImmediate(() => this.pump());
  }

  pump(): void {
    if (this.plan.noData) return;
    for (let n = 0; n < PIECES_PER_TURN; n += 1) {
      if (!this.isFeeding() || this.socket.writableLength > HIGH_WATER_BYTES) return;
      if (this.position >= this.until) {
        this.end();
        return;
      }
      this.sendPiece();
    }
    setImmediate(() => this.pump());
  }

  cut(how: 'end' | 'reset' | 'freeze'): void {
    this.apply({ kind: how });
  }

  protected endBody(): void {
    this.socket.end();
  }

  protected release(): void {
    this.file.close();
  }

  protected alter(): void {
    // Applies to broadcasts only.
  }

  /** At most up to the next event of a fault. */
  private sendPiece(): void {
    const mark = this.nextByteMark() ?? Infinity;
    const most = Math.min(PIECE_BYTES, Math.max(0, mark - this.bytes));
    const to = Math.min(this.until, this.position + most);
    if (to > this.position) {
      this.socket.write(this.file.read(this.position, to));
      this.countSent(to - this.position);
      this.position = to;
    }
    this.fireAtBytes();
  }
}
