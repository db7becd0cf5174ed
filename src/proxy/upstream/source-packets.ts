import { PacketAligner, TableRepair, type PacketSink, type PacketConsumer } from '../mpegts';

/** The code that receives the packets of a source. It tells whether it can interpret them. */
export interface SourcePacketConsumer extends PacketConsumer {
  readonly mediaPackets: number;
  /** True once a video or audio stream of the programme has sent media; true at once for programmes without both. */
  readonly hasReceivedAnnouncedStream: boolean;
}

/**
 * A source is abandoned if its media cannot be interpreted this long after the first media packet. Tables are
 * expected twice a second, and there must be time to try another engine before viewers are told.
 */
const NO_TABLES_MS = 4000;

/** Cuts the bytes of one source into packets, and makes its tables readable where that is possible. */
export class SourcePackets {
  private readonly aligner = new PacketAligner();
  private repair: TableRepair | null = null;
  private firstMediaMs: number | null = null;
  /** True once a stream of the programme has sent media. */
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
   * Passes all packets that `data` completes to `sink`, which forwards them to `consumer`. The bytes are valid only
   * during the call.
   */
  push(data: Buffer, nowMs: number, consumer: SourcePacketConsumer, sink: PacketSink): void {
    const repair = (this.repair ??= new TableRepair(consumer.budget));
    this.aligner.push(data, (buf, start, end) => repair.push(buf, start, end, consumer, sink));
    if (consumer.mediaPackets > 0) this.firstMediaMs ??= nowMs;
    this.isReadable ||= consumer.hasReceivedAnnouncedStream;
  }

  /**
   * True if media arrive but cannot be interpreted: tables are missing, or they announce only streams that never
   * send.
   */
  isUnreadable(nowMs: number): boolean {
    const { firstMediaMs } = this;
    return !this.isReadable && firstMediaMs !== null && nowMs - firstMediaMs >= NO_TABLES_MS;
  }
}
