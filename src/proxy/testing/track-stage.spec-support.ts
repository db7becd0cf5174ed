import { SegmentTrack, type Segment } from '../hls';
import { StreamHistory } from '../upstream';

const PLENTY = { maxBytes: 64 * 1024 * 1024, maxAgeMs: 3_600_000 };

/** A stream whose media arrive as told, and the track of its segments. */
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
    this.history.append(bytes, 0, bytes.length, this.nowMs);
    this.history.ring.commit();
  }

  /** Every segment that is listed. */
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
