import {
  fairShares,
  MAX_CHUNK_BYTES,
  MAX_OWED_BYTES,
  type MemoryDemand,
  type RingBuffer,
} from '../buffer';

export interface MemoryBounds {
  /** PROXY_BUFFER_TOTAL. */
  readonly totalBytes: number;
  /** PROXY_BUFFER_SIZE. */
  readonly streamBytes: number;
  /** PROXY_BUFFER_TTL. */
  readonly ttlMs: number;
  /** Media that an HLS player needs: three segments and the open one. */
  readonly playlistMs: number;
}

/** The part of a stream's history that memory shares depend on. */
export interface MemoryHistory {
  /** Null while unknown. */
  readonly knownBitrateBps: number | null;
  readonly ring: Pick<RingBuffer, 'owedBytes' | 'setShare'>;
  trim(nowMs: number): void;
}

/** A stream, as far as memory shares depend on it. */
export interface MemoryHolder {
  readonly history: MemoryHistory;
  /** Number of viewers, without the paused ones. */
  readonly watching: number;
}

/**
 * With this much history, viewers that follow closely miss nothing. It is also the floor while the bit rate is unknown or
 * the stream has no viewers.
 */
const LEAST_BYTES = 1024 * 1024;
/** History that every watched stream gets as long as the total has room for it. */
const FLOOR_MS = 5000;
/** Memory that a stream may need while its bit rate is unknown, which is while it has less than 2 s of media. */
const NEW_WANTED_BYTES = 8 * 1024 * 1024;
/** Bytes of memory per byte of media. It exceeds 1 because chunks are not filled completely. */
const OVERHEAD = 1.2;
/** Added to every amount, because a ring drops only whole chunks and also counts the chunk that it is filling. */
const SLACK_BYTES = 2 * MAX_CHUNK_BYTES;
/** Media that playlists may claim in addition before shares are computed again. */
const GROWTH_MS = 3000;

/**
 * Shares PROXY_BUFFER_TOTAL among all streams. A share depends on the memory that a stream may need, not on what it
 * holds now, so that the sum is never exceeded, however fast media arrive before shares are computed again.
 */
export class MemoryShares {
  constructor(
    private readonly bounds: MemoryBounds,
    private readonly holders: () => readonly MemoryHolder[],
  ) {}

  /**
   * Gives every stream its share, and drops media at once if a share became smaller.
   *
   * @param otherBytes memory outside the histories that counts towards the total
   * @returns true if there is room for everything that the streams may need
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
   * True if there is room for a playlist of this stream beside the usual memory of all other streams, or its bit rate is
   * still unknown.
   */
  canHoldPlaylist(holder: MemoryHolder, otherBytes = 0): boolean {
    const { knownBitrateBps: rateBps } = holder.history;
    if (rateBps === null) return true;
    const needed = mediaBytes(rateBps, this.bounds.playlistMs);
    if (needed > MAX_OWED_BYTES) return false;
    // The usual memory of all other streams must fit beside the playlist, because a new playlist must not reduce it.
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
