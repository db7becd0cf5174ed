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
}

/** The part of a stream's history that memory shares depend on. */
export interface MemoryHistory {
  /** Null while unknown. */
  readonly knownBitrateBps: number | null;
  readonly ring: Pick<RingBuffer, 'owedBytes' | 'setShare'>;
  trim(nowMs: number): void;
}

/** A stream. */
export interface MemoryHolder {
  readonly history: MemoryHistory;
  /** Number of its viewers, without those who are paused. */
  readonly watching: number;
}

/** History that a stream with viewers is given before any stream gets more. */
const FLOOR_MS = 5000;
/** The same for a stream with playlists: three segments and the open one. */
const PLAYLIST_FLOOR_MS = 16_000;
/** Floor of a stream without viewers. */
const UNWATCHED_FLOOR_BYTES = 1024 * 1024;
/** Floor and wanted memory of a stream with an unknown bit rate, which is one with less than 2 s of media. */
const NEW_FLOOR_BYTES = 1024 * 1024;
const NEW_WANTED_BYTES = 8 * 1024 * 1024;
/** Memory per byte of media: chunks are not filled completely. */
const OVERHEAD = 1.2;
/** A ring drops whole chunks, and counts the chunk that it fills now. */
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
   * Gives every stream its share, and drops media at once where a share became smaller.
   *
   * @param otherBytes memory of other holders, which counts towards the total
   * @returns whether there is room for everything that the streams may need
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

  /** Whether there is room for `ms` of a stream beside the floors of all others. */
  canHoldMs(holder: MemoryHolder, ms: number, otherBytes = 0): boolean {
    const { knownBitrateBps: rateBps } = holder.history;
    if (rateBps === null) return true;
    const needed = mediaBytes(rateBps, ms);
    if (needed > MAX_OWED_BYTES) return false;
    const holders = this.holders();
    const demands = holders.map((one) => {
      const demand = this.demandOf(one);
      return one === holder ? atLeast(demand, needed) : demand;
    });
    return (this.sharesOf(demands, otherBytes)[holders.indexOf(holder)] ?? needed) >= needed;
  }

  private sharesOf(demands: readonly MemoryDemand[], otherBytes: number): number[] {
    return fairShares(demands, Math.max(0, this.bounds.totalBytes - otherBytes));
  }

  private demandOf({ history, watching }: MemoryHolder): MemoryDemand {
    const { knownBitrateBps: rateBps, ring } = history;
    const { streamBytes, ttlMs } = this.bounds;
    const usual =
      rateBps === null
        ? { floor: NEW_FLOOR_BYTES, wanted: NEW_WANTED_BYTES }
        : { floor: mediaBytes(rateBps, FLOOR_MS), wanted: mediaBytes(rateBps, ttlMs) };
    const floor = watching > 0 ? usual.floor : Math.min(usual.floor, UNWATCHED_FLOOR_BYTES);
    const demand: MemoryDemand = {
      floorBytes: Math.min(streamBytes, floor),
      wantedBytes: Math.min(streamBytes, usual.wanted),
      mostBytes: streamBytes,
    };
    const { owedBytes } = ring;
    if (owedBytes === 0 || rateBps === null) return demand;
    const owed = Math.min(MAX_OWED_BYTES, owedBytes + mediaBytes(rateBps, GROWTH_MS));
    const playlistFloor = Math.min(owed, mediaBytes(rateBps, PLAYLIST_FLOOR_MS));
    return {
      floorBytes: watching > 0 ? Math.max(demand.floorBytes, playlistFloor) : demand.floorBytes,
      wantedBytes: Math.max(demand.wantedBytes, owed),
      mostBytes: Math.max(streamBytes, MAX_OWED_BYTES),
    };
  }
}

function mediaBytes(rateBps: number, ms: number): number {
  return (rateBps / 8000) * ms * OVERHEAD + SLACK_BYTES;
}

function atLeast(demand: MemoryDemand, bytes: number): MemoryDemand {
  return {
    floorBytes: Math.max(demand.floorBytes, bytes),
    wantedBytes: Math.max(demand.wantedBytes, bytes),
    mostBytes: Math.max(demand.mostBytes, bytes),
  };
}
