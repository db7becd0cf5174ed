/**
 * The history of one stream: whole transport packets at absolute byte positions, oldest dropped first.
 *
 * Bytes are copied once, on the way in, into chunks that are not part of a larger slab, because a slice keeps its
 * whole slab alive. Readers get views of those chunks, so one copy serves all viewers. A Buffer that is queued on a
 * socket must not change: the memory of a dropped chunk is used again only if no `ViewHolder` holds a view of it.
 * Code that keeps a view for longer than the current call must be such a holder.
 *
 * Appended bytes become visible with `commit()`. As far as possible a chunk is filled with whole commits, so that one
 * commit is one view and one write per viewer. Only a commit that is larger than the remaining room straddles two
 * chunks.
 */

import { type ChunkPool, SHARED_CHUNKS } from './chunk-pool';

const PACKET_BYTES = 188;
const MIN_CHUNK_BYTES = 349 * PACKET_BYTES;
/** Size of the largest chunk that a ring allocates and drops. */
export const MAX_CHUNK_BYTES = 1000 * PACKET_BYTES;
/**
 * Maximum memory of a stream while it keeps media beyond its usual bounds, because players have a playlist that lists
 * them.
 */
export const MAX_OWED_BYTES = 128 * 1024 * 1024;
/** A small ring uses smaller chunks, because it can exceed its bound by one chunk. */
const MIN_CHUNKS = 4;
/** Share of a chunk that may stay empty to avoid a second write per viewer. */
const MAX_WASTE = 1 / 3;
/** Usual fill level of chunks. */
const USUAL_FILL = 0.85;
/** Chunk sizes are multiples of this many packets, so that the memory of a dropped chunk fits a new one. */
const SIZE_STEP_PACKETS = 50;

interface Chunk {
  readonly start: number;
  readonly buffer: Buffer;
  length: number;
  /** Monotonic time of the newest bytes. */
  lastArrivalMs: number;
  /** True if a holder that is no longer asked may still read the memory of this chunk. */
  isAbandoned: boolean;
}

/**
 * Code that may read views of a ring after the ring has dropped their bytes, because a socket has not sent them yet.
 */
export interface ViewHolder {
  /** True if the holder may still read a view of `memory`. */
  holds(memory: ArrayBufferLike): boolean;
}

export interface RingLimits {
  /** Maximum number of allocated bytes; the newest chunk is always kept. */
  readonly maxBytes: number;
  /** Bytes that arrived longer ago than this are dropped. */
  readonly maxAgeMs: number;
}

/** Called after the whole packets `buf[start, end)` were copied in; `position` is the position of the first. */
export type FilledSink = (buf: Buffer, start: number, end: number, position: number) => void;

export class RingBuffer {
  /** Chunks from index `first` on are alive. The dropped ones before it are removed from time to time. */
  private chunks: Chunk[] = [];
  private first = 0;
  private appended = 0;
  private visible = 0;
  private allocated = 0;
  private share = Infinity;
  private owedFrom = Infinity;
  private expectedCommitBytes = 32 * 1024;
  /** True if the newest chunk takes no more bytes, although it may have room. */
  private sealed = true;
  private readonly holders = new Set<ViewHolder>();

  constructor(
    private readonly limits: RingLimits,
    private readonly pool: ChunkPool = SHARED_CHUNKS,
  ) {}

  /** Position after the newest byte that readers may see. */
  get head(): number {
    return this.visible;
  }

  /** Position after the newest byte appended, visible or not. */
  get end(): number {
    return this.appended;
  }

  /** Position of the oldest byte in the ring. */
  get tail(): number {
    return this.chunks[this.first]?.start ?? this.appended;
  }

  /** Bytes appended and not yet visible. */
  get pendingBytes(): number {
    return this.appended - this.visible;
  }

  /** Memory held, unfilled ends of chunks included. */
  get allocatedBytes(): number {
    return this.allocated;
  }

  /** Maximum number of bytes kept, except media that are promised to players. */
  get maxBytes(): number {
    return Math.min(this.share, this.limits.maxBytes);
  }

  /** Memory of promised media in the ring, including unfilled ends of chunks; 0 without a promise. */
  get owedBytes(): number {
    let bytes = 0;
    for (let index = this.chunks.length - 1; index >= this.first; index--) {
      const { start, length, buffer } = this.chunks[index] as Chunk;
      if (start + length <= this.owedFrom) break;
      bytes += buffer.length;
    }
    return bytes;
  }

  /** Bytes of media that the ring holds when full, at the current fill level of its chunks. */
  get capacityBytes(): number {
    const held = this.appended - this.tail;
    // A few chunks are no good sample, because the last one is always partly empty.
    const fill = held > 4 * MAX_CHUNK_BYTES ? held / this.allocated : USUAL_FILL;
    return this.maxBytes * fill;
  }

  /**
   * The ring's share of the memory for all rings. It also bounds promised media, and never raises the ring's own
   * bound.
   */
  setShare(bytes: number): void {
    this.share = bytes;
  }

  /** Promises the bytes from `position` on to players: they are kept beyond age and size. Infinity ends the promise. */
  owe(position: number): void {
    this.owedFrom = position;
  }

  /** From now on `holder` is asked before the memory of a dropped chunk is used again. */
  addHolder(holder: ViewHolder): void {
    this.holders.add(holder);
  }

  /**
   * Stops asking `holder`. Its socket may still send what it holds now, so that memory is left to the garbage
   * collector.
   */
  removeHolder(holder: ViewHolder): void {
    if (!this.holders.delete(holder)) return;
    for (let index = this.first; index < this.chunks.length; index++) {
      const chunk = this.chunks[index] as Chunk;
      if (holder.holds(chunk.buffer.buffer)) chunk.isAbandoned = true;
    }
  }

  /**
   * Monotonic time by which the byte at `position` had arrived. The byte may have arrived earlier, by the time that
   * its chunk took to fill.
   */
  arrivedBy(position: number): number | null {
    return this.chunkAt(position)?.lastArrivalMs ?? null;
  }

  /**
   * Copies whole packets `source[start, end)` in and returns the position of the first one. `filled` may change the
   * copy in place before readers can see it, but not its length.
   */
  append(
    source: Buffer,
    start: number,
    end: number,
    nowMs: number,
    filled: FilledSink | null = null,
  ): number {
    const position = this.appended;
    let at = start;
    while (at < end) {
      const chunk = this.writableChunk(nowMs);
      const copied = source.copy(chunk.buffer, chunk.length, at, end);
      chunk.length += copied;
      chunk.lastArrivalMs = nowMs;
      filled?.(
        chunk.buffer,
        chunk.length - copied,
        chunk.length,
        chunk.start + chunk.length - copied,
      );
      at += copied;
    }
    this.appended += end - start;
    return position;
  }

  /** Makes all appended bytes visible. Returns the position of the first new byte. */
  commit(): number {
    const from = this.visible;
    const bytes = this.appended - from;
    if (bytes === 0) return from;
    this.visible = this.appended;
    this.expectedCommitBytes += (bytes - this.expectedCommitBytes) / 8;
    const last = this.chunks[this.chunks.length - 1];
    if (last !== undefined && this.isFullEnough(last)) this.sealed = true;
    return from;
  }

  /**
   * A view of visible bytes from `position` on, within one chunk and of whole packets. It has at least one packet,
   * even if `maxBytes` is less. Null at the head, and for a position outside the ring.
   */
  view(position: number, maxBytes = MAX_CHUNK_BYTES): Buffer | null {
    if (position >= this.visible) return null;
    const chunk = this.chunkAt(position);
    if (chunk === undefined) return null;
    const offset = position - chunk.start;
    const available = Math.min(chunk.length, this.visible - chunk.start) - offset;
    const bytes = Math.min(available, Math.max(PACKET_BYTES, maxBytes - (maxBytes % PACKET_BYTES)));
    return chunk.buffer.subarray(offset, offset + bytes);
  }

  /**
   * The newest bytes, oldest first: at most `maxBytes`, whole packets only, including bytes that are not visible yet.
   */
  newest(maxBytes: number): { readonly position: number; readonly bytes: Buffer }[] {
    const from = Math.max(this.tail, this.appended - (maxBytes - (maxBytes % PACKET_BYTES)));
    const runs: { readonly position: number; readonly bytes: Buffer }[] = [];
    for (let index = this.first; index < this.chunks.length; index++) {
      const { start, length, buffer } = this.chunks[index] as Chunk;
      if (start + length <= from) continue;
      const position = Math.max(start, from);
      runs.push({ position, bytes: buffer.subarray(position - start, length) });
    }
    return runs;
  }

  /**
   * Drops bytes beyond the age or size bound, but none that are not visible yet. `besideBytes` is other memory of the
   * stream that counts towards the same bounds. Returns the new tail.
   */
  trim(nowMs: number, besideBytes = 0): number {
    const oldest = nowMs - this.limits.maxAgeMs;
    const last = this.chunks.length - 1;
    const most = this.maxBytes - besideBytes;
    const mostOwed = Math.min(this.share, MAX_OWED_BYTES) - besideBytes;
    while (this.first < last) {
      const chunk = this.chunks[this.first];
      if (chunk === undefined || chunk.start + chunk.length > this.visible) break;
      if (chunk.lastArrivalMs >= oldest && this.allocated <= most) break;
      const isOwed = chunk.start + chunk.length > this.owedFrom;
      if (isOwed && this.allocated <= mostOwed) break;
      this.allocated -= chunk.buffer.length;
      this.first++;
      if (this.isUnread(chunk)) this.pool.give(chunk.buffer);
    }
    if (this.first > 64 && this.first * 2 > this.chunks.length) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    } else if (this.first > 0) {
      // A dropped chunk must not keep its memory alive until it is removed from the list.
      for (let i = this.first - 1; i >= 0 && this.chunks[i] !== DROPPED; i--)
        this.chunks[i] = DROPPED;
    }
    return this.tail;
  }

  private isUnread({ buffer, isAbandoned }: Chunk): boolean {
    if (isAbandoned) return false;
    for (const holder of this.holders) if (holder.holds(buffer.buffer)) return false;
    return true;
  }

  /**
   * A commit across two chunks costs a second write per viewer, so a chunk without room for one more commit is
   * sealed. It stays open if sealing would waste more than a third of it, as after the uneven commits of a burst.
   */
  private isFullEnough(chunk: Chunk): boolean {
    const left = chunk.buffer.length - chunk.length;
    return left < this.expectedCommitBytes && left <= chunk.buffer.length * MAX_WASTE;
  }

  private writableChunk(nowMs: number): Chunk {
    const last = this.chunks[this.chunks.length - 1];
    if (!this.sealed && last !== undefined && last.length < last.buffer.length) return last;
    const capacity = this.nextCapacity();
    const chunk: Chunk = {
      start: last === undefined ? this.appended : last.start + last.length,
      buffer: this.pool.take(capacity),
      length: 0,
      lastArrivalMs: nowMs,
      isAbandoned: false,
    };
    this.chunks.push(chunk);
    this.allocated += capacity;
    this.sealed = false;
    return chunk;
  }

  /** Room for a whole number of commits of the expected size, a tenth larger than expected. */
  private nextCapacity(): number {
    const commit = Math.max(PACKET_BYTES, this.expectedCommitBytes * 1.1);
    const room = Math.min(MAX_CHUNK_BYTES, this.maxBytes / MIN_CHUNKS);
    const most = Math.max(MIN_CHUNK_BYTES, room - (room % PACKET_BYTES));
    const commits = Math.max(1, Math.floor(most / commit));
    const packets =
      Math.ceil((commits * commit) / PACKET_BYTES / SIZE_STEP_PACKETS) * SIZE_STEP_PACKETS;
    return Math.min(most, Math.max(MIN_CHUNK_BYTES, packets * PACKET_BYTES));
  }

  private chunkAt(position: number): Chunk | undefined {
    let low = this.first;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const chunk = this.chunks[middle];
      if (chunk !== undefined && chunk.start <= position) low = middle;
      else high = middle - 1;
    }
    const chunk = this.chunks[low];
    return chunk !== undefined && position >= chunk.start ? chunk : undefined;
  }
}

const DROPPED: Chunk = {
  start: -1,
  buffer: Buffer.alloc(0),
  length: 0,
  lastArrivalMs: 0,
  isAbandoned: false,
};
