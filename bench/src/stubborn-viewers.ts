import { setTimeout } from 'node:timers/promises';
import { HlsPlayer, type Playlist } from './hls-player';
import { newMediaTally } from './media-watch';
import { MediaViewer } from './media-viewer';
import { playlistPath, streamPath } from './stream-path';

/** Viewers that reopen their stream whenever it ends. */

/** A viewer reopens its stream after this time; an HLS player reloads its playlist at this interval. */
const REOPEN_AFTER_MS = 1000;

/** Notifications of an HLS player. */
export interface HlsSink {
  onPlaylist?: (playlist: Playlist) => void;
  /** A segment has arrived completely. */
  onSegment?: () => void;
  /** The playlist or a segment was refused, or the stream ended. */
  onError?: (error: unknown) => void;
}

/** Resolves when `signal` has aborted. */
export async function watchTransportStream(
  port: number,
  stream: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const viewer = new MediaViewer(port, streamPath(stream), newMediaTally());
    while (!viewer.isOver && (await waitUnlessAborted(signal)));
    viewer.close();
    await waitUnlessAborted(signal);
  }
}

/** Loads playlists and each segment in them, like a player. Resolves when `signal` has aborted. */
export async function watchHls(
  port: number,
  stream: number,
  sink: HlsSink,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const player = new HlsPlayer(port, playlistPath(stream));
    const close = (): void => player.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      do {
        const playlist = await player.playlist();
        sink.onPlaylist?.(playlist);
        for (const address of player.due(playlist)) {
          await player.segment(address, () => undefined);
          sink.onSegment?.();
        }
      } while (await waitUnlessAborted(signal));
    } catch (error) {
      if (!wasAborted(signal)) sink.onError?.(error);
    } finally {
      signal.removeEventListener('abort', close);
      player.close();
    }
    await waitUnlessAborted(signal);
  }
}

/** Waits a moment; false if `signal` aborted. */
function waitUnlessAborted(signal: AbortSignal): Promise<boolean> {
  return setTimeout(REOPEN_AFTER_MS, true, { signal }).catch(() => false);
}

/** Read again, because it may have changed during an await. */
function wasAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
