import {
  HEAD_BYTES,
  learnProgramme,
  type OutgoingProgramme,
  type PacketRewriter,
  type Programme,
  SourceBudget,
  type StructuralWork,
} from '../mpegts';
import { SourcePackets, type SourcePacketConsumer } from './source-packets';
import { SourceSplicer } from './source-splicer';
import type { SilenceLimits, OutgoingSource, SourceJoin } from './splice-types';
import type { StreamHistory } from './stream-history';

/** Result of `push`; anything but `ok` ends the source. */
export type IngestVerdict =
  'ok' | 'not_transport_stream' | 'no_tables' | 'garbage' | 'programme_changed' | Excess;

/** The source required more structural work than its budget allows. */
export type Excess = `excessive_${StructuralWork}`;

export interface IngestListener {
  /** Bytes were appended to the ring. */
  appended(): void;
  /** Viewers can join from now on. Called once per stream. */
  joinable(): void;
}

/** A source without three sync bytes within this many bytes is no transport stream. */
const ALIGNMENT_BYTES = 64 * 1024;
/** A running stream without packet alignment for this many bytes is considered garbage. */
const GARBAGE_BYTES = 1024 * 1024;
/** After this much media without a random access point, viewers may join at plain join points. */
const PLAIN_JOIN_MEDIA_MS = 3000;
/**
 * They may not do so before this time since the first byte, because the burst of an engine may still contain a random
 * access point.
 */
const PLAIN_JOIN_AFTER_MS = 1000;

/** For streams whose viewers wait without limit. */
const UNLIMITED_SILENCE: SilenceLimits = { silenceMs: Infinity, outageMs: Infinity };

/** A staged source whose splice point was found. */
export interface SplicedSource {
  /** Packet alignment state after the last byte received. */
  readonly packets: SourcePackets;
  /** Remaining budget of the source. */
  readonly budget: SourceBudget;
  readonly rewriter: PacketRewriter | null;
  readonly isFlagged: boolean;
  /** Whole packets from the splice point on, as far as they have arrived. */
  readonly parts: readonly Buffer[];
  /** Bytes received so far. */
  readonly bytes: number;
  readonly head: Buffer;
}

/**
 * Joins the bytes of successive sources into one stream of aligned, indexed packets in the ring. The first source is
 * taken from its first packet; later sources are spliced in and, where necessary, rewritten on the way into the ring.
 */
export class StreamIngest {
  bytesIn = 0;
  private pastResyncs = 0;
  firstByteMs: number | null = null;
  /** First bytes of the current source; they identify the content when it is no transport stream. */
  head: Buffer = Buffer.alloc(0);
  private packets = new SourcePackets();
  private splicer: SourceSplicer | null = null;
  private rewriter: PacketRewriter | null = null;
  /** The programme that viewers receive across all sources; null until there is one. */
  private outgoingProgramme: OutgoingProgramme | null = null;
  /** The programme in the history from which `outgoingProgramme` was derived. */
  private learned: Programme | null = null;
  /** Offset added to the timestamps of the last spliced source, in ticks of 90 kHz. */
  private offset = 0;
  private sourceBytes = 0;
  private alignedDiscard = 0;
  /** True once viewers can join. */
  isJoinable = false;
  private verdict: IngestVerdict = 'ok';
  private nowMs = 0;
  private sourceStart: { readonly position: number; readonly ms: number } | null = null;
  private sourceStartMediaMs: number | null = null;
  /** Media packets that were staged until their splice point was found. */
  private heldPackets = 0;
  /** Media state at the start of the current source. */
  private before = { mediaPackets: 0, lastMediaMs: 0 };
  private isFlagged = false;
  private joined: SourceJoin | null = null;

  constructor(
    readonly history: StreamHistory,
    private readonly listener: IngestListener,
    private readonly silenceLimits = UNLIMITED_SILENCE,
  ) {}

  /** Starts a new source: drops a partial packet, and splices what follows if the stream already has media. */
  beginSource(): void {
    this.pastResyncs += this.packets.resyncs;
    this.packets = new SourcePackets();
    this.sourceBytes = 0;
    this.alignedDiscard = 0;
    this.head = Buffer.alloc(0);
    this.verdict = 'ok';
    this.splicer = this.history.ring.end > 0 ? this.newSplicer() : null;
    if (this.splicer === null) this.history.scanner.budget = new SourceBudget();
    this.sourceStart = null;
    this.before = {
      mediaPackets: this.history.scanner.mediaPackets,
      lastMediaMs: this.lastMediaMs ?? 0,
    };
    this.joined = null;
  }

  /** Monotonic time at which media last arrived; null packets and tables do not count. */
  get lastMediaMs(): number | null {
    return this.history.scanner.lastMediaArrivalMs;
  }

  /** Position of the first packet of the current source; null until one was appended. */
  get sourceBeganAt(): number | null {
    return this.sourceStart?.position ?? null;
  }

  /** How the current source was joined; null until it has delivered media that viewers had not had. */
  get join(): SourceJoin | null {
    return this.joined;
  }

  /**
   * Grows with every media packet of the source, whether staged, appended or already sent before. The watchdog
   * detects silence by it.
   */
  get mediaPackets(): number {
    const held = this.heldPackets + (this.splicer?.mediaPackets ?? 0);
    return this.history.scanner.mediaPackets + held;
  }

  /** Media received since the source began, minus the time since then, in ms: the size of its burst. */
  aheadOfWallMs(nowMs: number): number {
    if (this.sourceStart === null) return 0;
    const { history, sourceStart } = this;
    this.sourceStartMediaMs ??= history.mediaTimeAt(sourceStart.position);
    const head = history.mediaTimeAt(history.ring.end);
    if (head === null || this.sourceStartMediaMs === null) return 0;
    return head - this.sourceStartMediaMs - (nowMs - sourceStart.ms);
  }

  get totalResyncs(): number {
    return this.pastResyncs + this.packets.resyncs;
  }

  push(data: Buffer, nowMs: number): IngestVerdict {
    this.nowMs = nowMs;
    this.firstByteMs ??= nowMs;
    this.bytesIn += data.length;
    this.sourceBytes += data.length;
    if (this.head.length < HEAD_BYTES) {
      this.head = Buffer.concat([this.head, data.subarray(0, HEAD_BYTES - this.head.length)]);
    }
    const before = this.history.ring.end;
    this.packets.push(data, nowMs, this.consumer, this.takePackets);
    return this.conclude(before);
  }

  /**
   * Creates a splicer for a source that is read while the current one flows. When it has found the splice point,
   * `adoptSource` must be called.
   */
  createSplicer(outgoing: OutgoingSource): SourceSplicer {
    const { history, silenceLimits } = this;
    const programme = (): OutgoingProgramme | null => this.currentProgramme();
    const offset = (): number => this.offset;
    return new SourceSplicer(
      {
        history,
        silenceLimits,
        get outgoingProgramme() {
          return programme();
        },
        get offset() {
          return offset();
        },
      },
      outgoing,
    );
  }

  /** Replaces the ended source with the spliced one. */
  adoptSource(
    { packets, budget, rewriter, isFlagged, parts, bytes, head }: SplicedSource,
    nowMs: number,
  ): IngestVerdict {
    this.beginSource();
    this.nowMs = nowMs;
    this.packets = packets;
    this.history.scanner.budget = budget;
    this.splicer = null;
    this.rewriter = rewriter;
    this.isFlagged = isFlagged;
    this.offset = rewriter?.offset ?? 0;
    this.bytesIn += bytes;
    this.sourceBytes = bytes;
    this.head = head;
    const before = this.history.ring.end;
    for (const part of parts) this.append(part, 0, part.length);
    return this.conclude(before);
  }

  /** Reports the bytes appended since position `before`, and returns the verdict on the source. */
  private conclude(before: number): IngestVerdict {
    const { nowMs } = this;
    const { budget } = this.consumer;
    if (budget.exceededBy !== null) return `excessive_${budget.exceededBy}`;
    if (this.verdict !== 'ok') return this.verdict;
    if (this.history.ring.end > before) {
      if (this.sourceStart === null) {
        this.sourceStart = { position: before, ms: nowMs };
        this.sourceStartMediaMs = null;
      }
      this.noteJoin();
      this.listener.appended();
      this.checkJoinable();
    }
    if (this.packets.isUnreadable(nowMs)) return 'no_tables';
    return this.checkAlignment();
  }

  private noteJoin(): void {
    const { mediaPackets, lastMediaMs } = this.before;
    if (this.joined !== null || this.history.scanner.mediaPackets === mediaPackets) return;
    this.joined = { isFlagged: this.isFlagged, silentMs: this.nowMs - lastMediaMs };
  }

  /** Receives the packets of the current source. */
  private get consumer(): SourcePacketConsumer {
    return this.splicer ?? this.history.scanner;
  }

  private readonly takePackets = (data: Buffer, start: number, end: number): void => {
    if (this.verdict !== 'ok') return;
    if (this.splicer === null) {
      this.append(data, start, end);
      return;
    }
    const splice = this.splicer.push(data, start, end, this.nowMs);
    if (splice === null) return;
    this.history.scanner.budget = this.splicer.budget;
    this.heldPackets += this.splicer.mediaPackets;
    this.splicer = null;
    if (splice === 'foreign') {
      // The decoders of viewers were set up for other codecs. Viewers are disconnected, and get the new programme
      // when they reconnect.
      this.verdict = 'programme_changed';
      return;
    }
    this.rewriter = splice.rewriter;
    this.isFlagged = splice.isFlagged;
    this.offset = splice.rewriter?.offset ?? 0;
    for (const part of splice.parts) this.append(part, 0, part.length);
  };

  private append(data: Buffer, start: number, end: number): void {
    this.history.append(data, start, end, this.nowMs, this.rewriter);
    if (this.rewriter?.isForeign === true) this.verdict = 'programme_changed';
    this.currentProgramme();
  }

  /**
   * Creates a splicer for the next source when no other source flows. It continues the programme that viewers have
   * received so far.
   */
  private newSplicer(): SourceSplicer {
    const outgoingProgramme = this.currentProgramme();
    this.rewriter = null;
    const { history, offset, silenceLimits } = this;
    return new SourceSplicer({ history, outgoingProgramme, offset, silenceLimits });
  }

  /** The programme that viewers receive, updated from the history; cheap while it does not change. */
  private currentProgramme(): OutgoingProgramme | null {
    const { programme } = this.history.scanner;
    if (programme === null || programme === this.learned) return this.outgoingProgramme;
    this.learned = programme;
    this.outgoingProgramme = learnProgramme(
      this.rewriter?.outgoingProgramme ?? this.outgoingProgramme,
      programme,
    );
    return this.outgoingProgramme;
  }

  private checkJoinable(): void {
    if (this.isJoinable) return;
    const { scanner, points, ring } = this.history;
    if (points.count === 0) {
      const began = scanner.psiReadyAt;
      if (began === null || !scanner.hasReceivedAnnouncedStream) return;
      const first = scanner.clock.mediaTimeAt(began);
      const last = scanner.clock.mediaTimeAt(ring.end);
      if (first === null || last === null || last - first < PLAIN_JOIN_MEDIA_MS) return;
      if (this.firstByteMs === null || this.nowMs - this.firstByteMs < PLAIN_JOIN_AFTER_MS) return;
      if (!this.history.allowPlainJoin()) return;
    }
    this.isJoinable = true;
    this.listener.joinable();
  }

  private checkAlignment(): IngestVerdict {
    if (this.packets.aligned) {
      this.alignedDiscard = this.packets.discardedBytes;
      return 'ok';
    }
    const lost = this.packets.discardedBytes - this.alignedDiscard;
    if (this.history.ring.end === 0) {
      return this.sourceBytes >= ALIGNMENT_BYTES ? 'not_transport_stream' : 'ok';
    }
    return lost >= GARBAGE_BYTES ? 'garbage' : 'ok';
  }
}
