import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { type MemoryBounds, MemoryShares } from './memory-shares';
import type { Viewer } from '../viewers';
import type { LiveStream } from './live-stream';
import { UncollectedMemory } from './uncollected-memory';

const SHARE_INTERVAL_MS = 1000;
/** HLS players begin three segments behind the live edge, and a fourth segment is still being written. */
const PLAYLIST_SEGMENTS = 4;

/** The settings that decide the shares of memory. */
export const MEMORY_SETTINGS = [
  'proxyBufferTotalBytes',
  'proxyBufferSizeBytes',
  'proxyBufferTtlMs',
  'hlsSegmentDurationMs',
] as const satisfies readonly (keyof AppConfig)[];

type MemorySettings = Pick<AppConfig, (typeof MEMORY_SETTINGS)[number]>;

/** The settings are read when they are used. */
class SettingBounds implements MemoryBounds {
  constructor(private readonly config: MemorySettings) {}

  get totalBytes(): number {
    return this.config.proxyBufferTotalBytes;
  }

  get streamBytes(): number {
    return this.config.proxyBufferSizeBytes;
  }

  get ttlMs(): number {
    return this.config.proxyBufferTtlMs;
  }

  get playlistMs(): number {
    return PLAYLIST_SEGMENTS * this.config.hlsSegmentDurationMs;
  }
}

/**
 * Keeps the memory of all streams within PROXY_BUFFER_TOTAL. It counts the histories, the media that HLS playlists
 * promise, and dropped media that paused viewers still hold or that V8 has not collected yet.
 */
export class StreamMemory {
  private readonly shares: MemoryShares;
  private readonly uncollected: UncollectedMemory;
  /** Memory outside the histories that counts towards the total. */
  private otherBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    config: MemorySettings,
    private readonly streams: () => readonly LiveStream[],
  ) {
    const bounds = new SettingBounds(config);
    this.uncollected = new UncollectedMemory(bounds);
    this.shares = new MemoryShares(bounds, streams);
  }

  start(): void {
    this.timer = setInterval(() => this.review(), SHARE_INTERVAL_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /**
   * Recomputes all shares. Call when a stream was added, has ended, or begins to play. Returns true if every stream
   * gets all the memory that it may need.
   */
  share(): boolean {
    return this.shares.give(monotonicMs(), this.otherBytes);
  }

  /** True if there is room for an HLS playlist of this stream, or if its bit rate is still unknown. */
  canHoldPlaylist(stream: LiveStream): boolean {
    return this.shares.canHoldPlaylist(stream, this.otherBytes);
  }

  /** Measures the memory outside the histories, and recomputes all shares. */
  private review(): void {
    const streams = this.streams();
    const counted = new Set<ArrayBufferLike>();
    const pinnedBytes = streams.reduce((sum, one) => sum + one.pinnedMemory(counted), 0);
    const heldBytes = streams.reduce((sum, { history }) => sum + history.heldBytes, pinnedBytes);
    const { arrayBuffers } = process.memoryUsage();
    this.otherBytes =
      pinnedBytes + this.uncollected.measure(arrayBuffers, heldBytes, monotonicMs());
    if (this.share()) return;
    // Memory is short: remove the viewer paused longest, because viewers who watch need the memory more.
    const viewer = longestPaused(streams);
    viewer?.leave('memory_limit');
  }
}

/** Returns the viewer who has been paused longest; null if nobody is paused. */
export function longestPaused(
  streams: Iterable<{ readonly viewers: Iterable<Viewer> }>,
): Viewer | null {
  let longest: Viewer | null = null;
  for (const { viewers } of streams) {
    for (const viewer of viewers) {
      const { pausedSinceMs } = viewer;
      if (pausedSinceMs !== null && pausedSinceMs < (longest?.pausedSinceMs ?? Infinity)) {
        longest = viewer;
      }
    }
  }
  return longest;
}
