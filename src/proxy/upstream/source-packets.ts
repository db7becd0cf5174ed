import { PacketAligner, TableRepair, type PacketSink, type TableReader } from '../mpegts';

/** What reads the packets of the source. */
export interface SourceReader extends TableReader {
  readonly mediaPackets: number;
  /** Something has come of the streams that its programme announces. */
  readonly hasShown: boolean;
}

/**
 * So long after its first media a source is given up whose tables do not say what comes. Receivers expect them twice a second, and another
 * engine has to have its turn before viewers are told.
 */
const NO_TABLES_MS = 4000;

/** Cuts the bytes of one source into packets, and makes its tables readable where that is possible. */
export class SourcePackets {
  private readonly aligner = new PacketAligner();
  private repair: TableRepair | null = null;
  private firstMediaMs: number | null = null;
  /** What has come was of a programme. */
  private isReadable = false;

  /** The next byte is known to begin, or continue, a packet. */
  get aligned(): boolean {
    return this.aligner.aligned;
  }

  get resyncs(): number {
    return this.aligner.resyncs;
  }

  get discardedBytes(): number {
    return this.aligner.discardedBytes;
  }

  /** Hands all packets that are complete with `data` to `sink`, by which `reader` gets them; the bytes are lent. */
  push(data: Buffer, nowMs: number, reader: SourceReader, sink: PacketSink): void {
    const repair = (this.repair ??= new TableRepair(reader.budget));
    this.aligner.push(data, (buf, start, end) => repair.push(buf, start, end, reader, sink));
    if (reader.mediaPackets > 0) this.firstMediaMs ??= nowMs;
    this.isReadable ||= reader.hasShown;
  }

  /** Media come, and nothing tells what they are: there are no tables, or they tell of streams that do not come. */
  isUnreadable(nowMs: number): boolean {
    const { firstMediaMs } = this;
    return !this.isReadable && firstMediaMs !== null && nowMs - firstMediaMs >= NO_TABLES_MS;
  }
}
