import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { MemoryShares } from './memory-shares';
import { longestPaused } from './paused-viewers';
import type { LiveStream } from './live-stream';
import { UncollectedMemory } from './uncollected-memory';

const SHARE_INTERVAL_MS = 1000;
/** Players begin three segments behind the newest one, and the next one is being made. */
const PLAYLIST_SEGMENTS = 4;

type MemorySettings = Pick<
  AppConfig,
  'proxyBufferTotalBytes' | 'proxyBufferSizeBytes' | 'proxyBufferTtlMs' | 'hlsSegmentDurationMs'
>;

/**
 * Keeps the memory of all streams within PROXY_BUFFER_TOTAL: the histories, the media that playlists promise, and
 * dropped media that paused viewers still hold.
 */
export class StreamMemory {
  private readonly shares: MemoryShares;
  private readonly uncollected: UncollectedMemory;
  /** Memory that counts towards the total but is in no history. */
  private otherBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    config: MemorySettings,
    private readonly sessions: () => readonly LiveStream[],
  ) {
    const bounds = {
      totalBytes: config.proxyBufferTotalBytes,
      streamBytes: config.proxyBufferSizeBytes,
      ttlMs: config.proxyBufferTtlMs,
      playlistMs: PLAYLIST_SEGMENTS * config.hlsSegmentDurationMs,
    };
    this.uncollected = new UncollectedMemory(bounds.totalBytes);
    this.shares = new MemoryShares(bounds, sessions);
  }

  start(): void {
    this.timer = setInterval(() => this.review(), SHARE_INTERVAL_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Computes all shares again, because a stream was added, ended, or began to play. */
  share(): boolean {
    return this.shares.give(monotonicMs(), this.otherBytes);
  }

  /** Whether there is room for a playlist of this stream; true while its bit rate is unknown. */
  canHoldPlaylist(session: LiveStream): boolean {
    return this.shares.canHoldPlaylist(session, this.otherBytes);
  }

  private review(): void {
    const sessions = this.sessions();
    const counted = new Set<ArrayBufferLike>();
    const pinnedBytes = sessions.reduce((sum, one) => sum + one.pinnedMemory(counted), 0);
    const heldBytes = sessions.reduce((sum, { history }) => sum + history.heldBytes, pinnedBytes);
    const { arrayBuffers } = process.memoryUsage();
    this.otherBytes =
      pinnedBytes + this.uncollected.measure(arrayBuffers, heldBytes, monotonicMs());
    if (this.share()) return;
    // Media that are being watched are worth more than those of a paused viewer.
    const viewer = longestPaused(sessions);
    viewer?.host?.removeViewer(viewer, 'memory_limit');
  }
}
