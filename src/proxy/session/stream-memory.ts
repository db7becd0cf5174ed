import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { MemoryShares } from './memory-shares';
import { longestPaused } from './paused-viewers';
import type { StreamSession } from './stream-session';

const SHARE_INTERVAL_MS = 1000;

/**
 * Keeps the memory of all streams within PROXY_BUFFER_TOTAL: the histories, what playlists are owed, and what paused viewers
 * hold of media that their history has dropped.
 */
export class StreamMemory {
  private readonly shares: MemoryShares;
  private pinnedBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    config: Pick<AppConfig, 'proxyBufferTotalBytes' | 'proxyBufferSizeBytes' | 'proxyBufferTtlMs'>,
    private readonly sessions: () => readonly StreamSession[],
  ) {
    const bounds = {
      totalBytes: config.proxyBufferTotalBytes,
      streamBytes: config.proxyBufferSizeBytes,
      ttlMs: config.proxyBufferTtlMs,
    };
    this.shares = new MemoryShares(bounds, () => sessions().map(({ history }) => history));
  }

  start(): void {
    this.timer = setInterval(() => this.review(), SHARE_INTERVAL_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Shares the memory anew, at once: a stream came, went, or began to play. */
  share(): boolean {
    return this.shares.give(monotonicMs(), this.pinnedBytes);
  }

  /** Whether there is room for `ms` of a stream; true while its bit rate is unknown. */
  canHoldMs(session: StreamSession, ms: number): boolean {
    return this.shares.canHoldMs(session.history, ms, this.pinnedBytes);
  }

  private review(): void {
    const sessions = this.sessions();
    const counted = new Set<ArrayBufferLike>();
    this.pinnedBytes = sessions.reduce((sum, one) => sum + one.pinnedMemory(counted), 0);
    if (this.share()) return;
    // What somebody watches is worth more than what somebody may come back to.
    const viewer = longestPaused(sessions);
    viewer?.host?.removeViewer(viewer, 'memory_limit');
  }
}
