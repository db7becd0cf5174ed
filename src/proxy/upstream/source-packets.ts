import { PacketAligner, TableRepair, type PacketSink, type TableReader } from '../mpegts';

/** Reads the packets of the source. */
export interface SourceReader extends TableReader {
  readonly mediaPackets: number;
  /** True once a stream that the programme announces has sent media. */
  readonly hasAnnouncedMedia: boolean;
}

/**
 * A source whose media cannot be interpreted this long after the first packet is abandoned. Receivers expect tables
 * twice a second, and there must be time to try another engine before viewers are notified.
 */
const NO_TABLES_MS = 4000;

/** Cuts the bytes of one source into packets, and makes its tables readable where that is possible. */
export class SourcePackets {
  private readonly aligner = new PacketAligner();
  private repair: TableRepair | null = null;
  private firstMediaMs: number | null = null;
  /** True once announced media have arrived. */
  private isReadable = false;

  /** True if packet boundaries are known at the next byte. */
  get aligned(): boolean {
    return this.aligner.aligned;
  }

  get resyncs(): number {
    return this.aligner.resyncs;
  }

  get discardedBytes(): number {
    return this.aligner.discardedBytes;
  }

  /**
   * Passes all packets that `data` completes to `sink`, which forwards them to `reader`. The bytes are valid during
   * the call only.
   */
  push(data: Buffer, nowMs: number, reader: SourceReader, sink: PacketSink): void {
    const repair = (this.repair ??= new TableRepair(reader.budget));
    this.aligner.push(data, (buf, start, end) => repair.push(buf, start, end, reader, sink));
    if (reader.mediaPackets > 0) this.firstMediaMs ??= nowMs;
    this.isReadable ||= reader.hasAnnouncedMedia;
  }

  /** True if media arrive but cannot be interpreted: tables are missing, or announce streams that never send. */
  isUnreadable(nowMs: number): boolean {
    const { firstMediaMs } = this;
    return !this.isReadable && firstMediaMs !== null && nowMs - firstMediaMs >= NO_TABLES_MS;
  }
}
