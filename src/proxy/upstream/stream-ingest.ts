import {
  HEAD_BYTES,
  learnProgramme,
  type OwnProgramme,
  type PacketRewriter,
  type Programme,
  SourceBudget,
  type StructuralWork,
} from '../mpegts';
import { SourcePackets, type SourceReader } from './source-packets';
import { SourceSplicer } from './source-splicer';
import type { BearableWait, Outgoing, SourceJoin } from './splice.types';
import type { StreamHistory } from './stream-history';

/** What `push` found out about the source; anything but `ok` ends the source. */
export type IngestVerdict =
  'ok' | 'not_transport_stream' | 'no_tables' | 'garbage' | 'programme_changed' | Excess;

/** The source asked for more structural work than its budget allows. */
export type Excess = `excessive_${StructuralWork}`;

export interface IngestOwner {
  /** Bytes were appended to the ring. */
  appended(): void;
  /** Viewers can join from now on. Called once in the life of a stream. */
  joinable(): void;
}

/** Without three sync bytes in this much, what comes is no transport stream. */
const ALIGNMENT_BYTES = 64 * 1024;
/** A running stream that has lost its packets for this long will not find them again. */
const GARBAGE_BYTES = 1024 * 1024;
/** Without a random access point for this long, viewers may join at any packet. */
const PLAIN_JOIN_MS = 3000;

/** For streams whose viewers wait as long as it takes. */
const AS_LONG_AS_IT_TAKES: BearableWait = { silenceMs: Infinity, outageMs: Infinity };

/** A source that was read beside the present one, with its place in the stream. */
export interface FoundPlace {
  /** In the state in which its packets were cut off. */
  readonly packets: SourcePackets;
  /** What the source has left. */
  readonly budget: SourceBudget;
  readonly rewriter: PacketRewriter | null;
  readonly isFlagged: boolean;
  /** Whole packets from that place on, as far as they have come. */
  readonly parts: readonly Buffer[];
  /** Received so far. */
  readonly bytes: number;
  readonly head: Buffer;
}

/**
 * Takes the bytes of one source after the other and makes one stream of them: aligned packets, in the
 * ring, indexed. The first source is taken from its first packet; a later one is spliced in and, where it has to
 * be, rewritten on its way into the ring.
 */
export class StreamIngest {
  bytesIn = 0;
  private pastResyncs = 0;
  firstByteMs: number | null = null;
  /** First bytes of the source under way, for telling what it is when it is no transport stream. */
  head: Buffer = Buffer.alloc(0);
  private packets = new SourcePackets();
  private splicer: SourceSplicer | null = null;
  private rewriter: PacketRewriter | null = null;
  /** What viewers were told over all sources; null before there was a programme. */
  private own: OwnProgramme | null = null;
  /** The outgoing programme that `own` was learned from. */
  private learned: Programme | null = null;
  /** Added to the times of the last source that was spliced in, 90 kHz. */
  private offset = 0;
  private sourceBytes = 0;
  private alignedDiscard = 0;
  /** Viewers have been let in. */
  isJoinable = false;
  private verdict: IngestVerdict = 'ok';
  private nowMs = 0;
  private sourceStart: { readonly position: number; readonly ms: number } | null = null;
  private sourceStartMediaMs: number | null = null;
  /** Media packets that were held back until their source had its place. */
  private heldPackets = 0;
  /** What went out before the source under way. */
  private before = { mediaPackets: 0, lastMediaMs: 0 };
  private isFlagged = false;
  private joined: SourceJoin | null = null;

  constructor(
    readonly history: StreamHistory,
    private readonly owner: IngestOwner,
    private readonly bearable = AS_LONG_AS_IT_TAKES,
  ) {}

  /** A new source begins: what was half a packet is forgotten, and what follows is spliced. */
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

  /** Monotonic time of the last packet that carried media: neither null nor PSI. */
  get lastMediaMs(): number | null {
    return this.history.scanner.lastMediaArrivalMs;
  }

  /** Position of the first packet of the source under way; null before it has given any. */
  get sourceBeganAt(): number | null {
    return this.sourceStart?.position ?? null;
  }

  /** How a later source was joined; null until it has brought media that viewers had not had before. */
  get join(): SourceJoin | null {
    return this.joined;
  }

  /** Grows with every media packet of the source, held back, sent out or had before: the watchdog's sign of life. */
  get mediaPackets(): number {
    const held = this.heldPackets + (this.splicer?.mediaPackets ?? 0);
    return this.history.scanner.mediaPackets + held;
  }

  /** Media received since the source began, less the time that has passed since: the size of its burst. */
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
    this.packets.push(data, nowMs, this.reader, this.takePackets);
    return this.conclude(before);
  }

  /** Of a source that is read while the present one goes on: `takeOver` follows when its place is found. */
  spliceBeside(outgoing: Outgoing): SourceSplicer {
    const { history, bearable } = this;
    const own = (): OwnProgramme | null => this.ownNow();
    const offset = (): number => this.offset;
    return new SourceSplicer(
      {
        history,
        bearable,
        get own() {
          return own();
        },
        get offset() {
          return offset();
        },
      },
      outgoing,
    );
  }

  /** The present source is over, and this one goes on as the stream's. */
  takeOver(
    { packets, budget, rewriter, isFlagged, parts, bytes, head }: FoundPlace,
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

  /** Tells of what was appended since `before`. */
  private conclude(before: number): IngestVerdict {
    const { nowMs } = this;
    const { budget } = this.reader;
    if (budget.exceededBy !== null) return `excessive_${budget.exceededBy}`;
    if (this.verdict !== 'ok') return this.verdict;
    if (this.history.ring.end > before) {
      if (this.sourceStart === null) {
        this.sourceStart = { position: before, ms: nowMs };
        this.sourceStartMediaMs = null;
      }
      this.noteJoin();
      this.owner.appended();
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

  /** Reads the packets of the source under way. */
  private get reader(): SourceReader {
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
      // Viewers' decoders were set up for other types: they are reset and come back to what there is now.
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
    this.ownNow();
  }

  /** What viewers have had so far is what the next source has to go on as. */
  private newSplicer(): SourceSplicer {
    const own = this.ownNow();
    this.rewriter = null;
    const { history, offset, bearable } = this;
    return new SourceSplicer({ history, own, offset, bearable });
  }

  /** What viewers have been told so far; cheap while the programme is the same. */
  private ownNow(): OwnProgramme | null {
    const { programme } = this.history.scanner;
    if (programme === null || programme === this.learned) return this.own;
    this.learned = programme;
    this.own = learnProgramme(this.rewriter?.own ?? this.own, programme);
    return this.own;
  }

  private checkJoinable(): void {
    if (this.isJoinable) return;
    const { scanner, points, ring } = this.history;
    if (points.count === 0) {
      const began = scanner.psiReadyAt;
      if (began === null || !scanner.hasShown) return;
      const first = scanner.clock.mediaTimeAt(began);
      const last = scanner.clock.mediaTimeAt(ring.end);
      if (first === null || last === null || last - first < PLAIN_JOIN_MS) return;
      if (!this.history.allowPlainJoin()) return;
    }
    this.isJoinable = true;
    this.owner.joinable();
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
