import {
  fairShares,
  MAX_CHUNK_BYTES,
  MAX_OWED_BYTES,
  type MemoryDemand,
  type RingBuffer,
} from '../buffer';

/** The limits of memory for media. */
export interface MemoryBounds {
  /** PROXY_BUFFER_TOTAL. */
  readonly totalBytes: number;
  /** PROXY_BUFFER_SIZE. */
  readonly streamBytes: number;
  /** PROXY_BUFFER_TTL. */
  readonly ttlMs: number;
  /** Duration of the media that an HLS player needs: three segments, and the one that is being written. */
  readonly playlistMs: number;
}

/** What memory shares need to know about a stream's history. */
export interface MemoryHistory {
  /** Bit rate in bit/s; null while it is unknown. */
  readonly knownBitrateBps: number | null;
  readonly ring: Pick<RingBuffer, 'owedBytes' | 'setShare'>;
  trim(nowMs: number): void;
}

/** What memory shares need to know about a stream. */
export interface MemoryHolder {
  readonly history: MemoryHistory;
  /** Number of viewers who are not paused. */
  readonly watching: number;
}

/**
 * A history of this size is enough for viewers who are close to the live edge. Every stream is promised this much; it
 * is also the floor of a stream whose bit rate is unknown or that nobody watches.
 */
const LEAST_BYTES = 1024 * 1024;
/** Duration of the history that every watched stream gets, as long as the total has room for it. */
const FLOOR_MS = 5000;
/** Memory that a stream may need before its bit rate is known, that is, while it has less than 2 s of media. */
const NEW_WANTED_BYTES = 8 * 1024 * 1024;
/** Bytes of memory per byte of media. It exceeds 1 because chunks are not filled completely. */
const OVERHEAD = 1.2;
/** Added to every amount, because a ring drops only whole chunks, and holds one more chunk that it is filling. */
const SLACK_BYTES = 2 * MAX_CHUNK_BYTES;
/** Until shares are computed again, playlists may make a ring keep this much more media. */
const GROWTH_MS = 3000;

/**
 * Divides PROXY_BUFFER_TOTAL among all streams. A share depends on the memory that a stream may need and not on what it
 * holds now. So the total is never exceeded, however fast media arrive before the shares are computed again.
 */
export class MemoryShares {
  constructor(
    private readonly bounds: MemoryBounds,
    private readonly holders: () => readonly MemoryHolder[],
  ) {}

  /**
   * Computes the share of every stream. A stream whose share has become smaller drops media at once.
   *
   * @param otherBytes memory outside the histories that counts towards the total
   * @returns true if every stream gets all the memory that it may need
   */
  give(nowMs: number, otherBytes = 0): boolean {
    const holders = this.holders();
    const demands = holders.map((holder) => this.demandOf(holder));
    const shares = this.sharesOf(demands, otherBytes);
    holders.forEach(({ history }, index) => {
      history.ring.setShare(shares[index] ?? 0);
      history.trim(nowMs);
    });
    return demands.every(
      ({ wantedBytes }, index) => (shares[index] ?? 0) >= Math.floor(wantedBytes),
    );
  }

  /**
   * True if an HLS playlist of this stream fits into the total together with the promised memory of all other streams,
   * or if its bit rate is still unknown.
   */
  canHoldPlaylist(holder: MemoryHolder, otherBytes = 0): boolean {
    const { knownBitrateBps: rateBps } = holder.history;
    if (rateBps === null) return true;
    const needed = mediaBytes(rateBps, this.bounds.playlistMs);
    if (needed > MAX_OWED_BYTES) return false;
    // A new playlist must not reduce the promised memory of any other stream.
    let sum = otherBytes;
    for (const one of this.holders()) {
      const { promisedBytes, floorBytes } = this.demandOf(one);
      sum += Math.max(promisedBytes, floorBytes, one === holder ? needed : 0);
    }
    return sum <= this.bounds.totalBytes;
  }

  private sharesOf(demands: readonly MemoryDemand[], otherBytes: number): number[] {
    return fairShares(demands, Math.max(0, this.bounds.totalBytes - otherBytes));
  }

  private demandOf({ history, watching }: MemoryHolder): MemoryDemand {
    const { knownBitrateBps: rateBps, ring } = history;
    const { streamBytes, ttlMs, playlistMs } = this.bounds;
    const isWatched = watching > 0;
    const promisedBytes = Math.min(streamBytes, LEAST_BYTES);
    if (rateBps === null) {
      const wantedBytes = Math.min(streamBytes, NEW_WANTED_BYTES);
      return { promisedBytes, floorBytes: promisedBytes, wantedBytes, mostBytes: streamBytes };
    }
    const floorBytes = isWatched ? mediaBytes(rateBps, FLOOR_MS) : promisedBytes;
    const demand: MemoryDemand = {
      promisedBytes,
      floorBytes: Math.min(streamBytes, floorBytes),
      wantedBytes: Math.min(streamBytes, mediaBytes(rateBps, ttlMs)),
      mostBytes: streamBytes,
    };
    const { owedBytes } = ring;
    if (owedBytes === 0) return demand;
    const owed = owedBytes + mediaBytes(rateBps, GROWTH_MS);
    const promised = isWatched ? mediaBytes(rateBps, playlistMs) : promisedBytes;
    return {
      promisedBytes: Math.min(MAX_OWED_BYTES, promised),
      floorBytes: demand.floorBytes,
      wantedBytes: Math.max(demand.wantedBytes, Math.min(MAX_OWED_BYTES, owed)),
      mostBytes: Math.max(streamBytes, MAX_OWED_BYTES),
    };
  }
}

function mediaBytes(rateBps: number, ms: number): number {
  return (rateBps / 8000) * ms * OVERHEAD + SLACK_BYTES;
}
