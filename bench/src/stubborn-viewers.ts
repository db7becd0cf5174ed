import { setTimeout } from 'node:timers/promises';
import { HlsPlayer, type Playlist } from './hls-player';
import { newMediaTally } from './media-watch';
import { MediaViewer } from './media-viewer';
import { playlistPath, streamPath } from './stream-path';

/** Viewers who open their stream again whenever it ends. */

/** A viewer opens its stream again after this time, and an HLS player asks for its playlist this often. */
const AGAIN_MS = 1000;

/** What an HLS player sees. */
export interface HlsSink {
  onPlaylist?: (playlist: Playlist) => void;
  /** A segment has come whole. */
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
    while (!viewer.isOver && (await goesOn(signal)));
    viewer.close();
    await goesOn(signal);
  }
}

/** Asks for playlists and each segment in them, as a player does. Resolves when `signal` has aborted. */
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
      } while (await goesOn(signal));
    } catch (error) {
      if (!wasAborted(signal)) sink.onError?.(error);
    } finally {
      signal.removeEventListener('abort', close);
      player.close();
    }
    await goesOn(signal);
  }
}

/** Waits a moment; false when `signal` aborted. */
function goesOn(signal: AbortSignal): Promise<boolean> {
  return setTimeout(AGAIN_MS, true, { signal }).catch(() => false);
}

/** Read anew: it may have changed while something was awaited. */
function wasAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
