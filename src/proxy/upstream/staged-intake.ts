import { HEAD_BYTES } from '../mpegts';
import { SourcePackets } from './source-packets';
import type { SourceSplicer } from './source-splicer';
import type { OutgoingSource, Splice } from './splice-types';
import type { IngestVerdict, StreamIngest } from './stream-ingest';
import type { SourceIntake } from './upstream-reader';

export interface SpliceTarget extends OutgoingSource {
  /** Called when the splice point was found. The old source must have ended when this returns. */
  placed(): void;
}

/** A source without aligned packets within this many bytes is no transport stream. */
const ALIGNMENT_BYTES = 64 * 1024;

/**
 * Takes the bytes of a source that is read while another one still feeds the stream. Until the splice point is found
 * the bytes are staged; after that they go to the stream. The splicer limits the memory of the staged bytes.
 */
export class StagedIntake implements SourceIntake {
  readonly isJoinable = true;
  private readonly packets = new SourcePackets();
  private readonly splicer: SourceSplicer;
  private isPlaced = false;
  private bytes = 0;
  private head: Buffer = Buffer.alloc(0);

  constructor(
    private readonly ingest: StreamIngest,
    private readonly target: SpliceTarget,
  ) {
    this.splicer = ingest.createSplicer(target);
  }

  get mediaPackets(): number {
    return this.isPlaced ? this.ingest.mediaPackets : this.splicer.mediaPackets;
  }

  beginSource(): void {
    // The stream still reads the other source, so there is nothing to begin.
  }

  push(data: Buffer, nowMs: number): IngestVerdict {
    if (this.isPlaced) return this.ingest.push(data, nowMs);
    const { packets, splicer } = this;
    this.bytes += data.length;
    if (this.head.length < HEAD_BYTES) {
      this.head = Buffer.concat([this.head, data.subarray(0, HEAD_BYTES - this.head.length)]);
    }
    let splice: Splice | 'foreign' | null = null;
    const rest: Buffer[] = [];
    packets.push(data, nowMs, splicer, (run, start, end) => {
      if (splice === null) splice = splicer.push(run, start, end, nowMs);
      else rest.push(Buffer.from(run.subarray(start, end)));
    });
    // TypeScript does not see that the callback assigned the variable.
    const found = splice as Splice | 'foreign' | null;
    if (found === 'foreign') return 'programme_changed';
    const { budget } = splicer;
    if (budget.exceededBy !== null) return `excessive_${budget.exceededBy}`;
    if (found === null) {
      return packets.isUnreadable(nowMs) ? 'no_tables' : this.checkAlignment();
    }
    this.target.placed();
    this.isPlaced = true;
    const parts = [...found.parts, ...rest];
    const { rewriter, isFlagged } = found;
    return this.ingest.adoptSource(
      { packets, budget, rewriter, isFlagged, parts, bytes: this.bytes, head: this.head },
      nowMs,
    );
  }

  private checkAlignment(): IngestVerdict {
    if (this.packets.aligned || this.packets.discardedBytes < ALIGNMENT_BYTES) return 'ok';
    return 'not_transport_stream';
  }
}
