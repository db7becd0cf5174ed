import { SegmentTrack, type Segment } from '../hls';
import { TS_PACKET } from '../mpegts';
import { StreamHistory } from '../upstream';

/** About the size of one read from a socket. */
const PUSH_BYTES = 340 * TS_PACKET;
const PLENTY = { maxBytes: 64 * 1024 * 1024, maxAgeMs: 3_600_000 };

/** A history that a test feeds, and the track of its segments. */
export class TrackStage {
  readonly history: StreamHistory;
  readonly track: SegmentTrack;
  nowMs = 0;

  constructor(limits = PLENTY) {
    this.history = new StreamHistory(limits);
    const options = { segmentMs: 4000, firstNumber: 1000, wallMinusMonotonicMs: 0 };
    this.track = new SegmentTrack(this.history, options);
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PUSH_BYTES) {
      this.history.append(bytes, at, Math.min(bytes.length, at + PUSH_BYTES), this.nowMs);
      this.history.ring.commit();
    }
  }

  /** Every segment in the playlist. */
  get segments(): Segment[] {
    this.track.advance();
    if (!this.track.isPlayable) return [];
    const numbers = this.track.playlist(true, 'x/').matchAll(/^x\/(\d+)\.ts$/gm);
    return [...numbers].flatMap(([, number]) => this.track.find(Number(number)) ?? []);
  }

  bytesOf({ start, end }: Segment): Buffer {
    const runs: Buffer[] = [];
    for (let at = start; at < end;) {
      const run = this.history.ring.view(at, end - at);
      if (run === null) throw new Error('a segment is not in the ring');
      runs.push(run);
      at += run.length;
    }
    return Buffer.concat(runs);
  }
}
