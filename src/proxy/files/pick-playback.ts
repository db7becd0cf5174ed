/** The facts about a playback that decide which request may continue it. */
export interface PlaybackFacts {
  /** Token of its last viewer, or that viewer's address and User-Agent. */
  readonly client: string;
  readonly isRead: boolean;
  /**
   * Monotonic ms since when the playback has had no viewer, or since when its viewer has taken none of the queued
   * bytes. Null while the viewer takes bytes.
   */
  readonly idleSinceMs: number | null;
}

/** The facts about a request that decide which playback it continues. */
export interface RequestFacts {
  readonly client: string;
  /**
   * True if `client` is a token, which identifies one viewer; an address and a User-Agent may be those of several
   * viewers.
   */
  readonly hasToken: boolean;
  readonly isFromStart: boolean;
  /** Monotonic ms. */
  readonly arrivedMs: number;
  /** The request has tried to open another playback and found no engine. */
  readonly isRefused: boolean;
}

export type PlaybackPick<P> =
  | { readonly kind: 'continue'; readonly playback: P }
  /** Play it on another engine. `answer`: without waiting for a slot, because the client may continue one of its playbacks. */
  | { readonly kind: 'open'; readonly waitFor: 'slot' | 'answer' }
  /** Pick again at this time, or when a playback changes. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'refuse' };

/**
 * A playback counts as unread when its viewer has taken nothing for this long: players keep the previous connection
 * while they seek.
 */
const UNREAD_MS = 3000;
/** Players that seek often close the old connection just after they open the new one. */
const OVERLAP_MS = 250;
/**
 * A request without an engine waits this long for a release: some players open one connection before they close
 * another.
 */
const ROOM_WAIT_MS = 1500;
/**
 * It waits this long if a playback of its own client may become unread, because socket buffers fill before a viewer
 * counts as taking nothing.
 */
const UNREAD_WAIT_MS = UNREAD_MS + 1000;
const CHECK_EVERY_MS = 250;

/**
 * Chooses the playback that a request continues.
 *
 * A token identifies one viewer, whose playback follows each of its requests. An address and a User-Agent do not,
 * because several people behind one router may use the same player. So a request for the first byte counts as a new
 * viewer, and never gets a playback that is being read. A request for a later byte is a seek, which continues a
 * playback of the same client whose connection is closed or whose viewer takes nothing.
 */
export function pickPlayback<P extends PlaybackFacts>(
  playbacks: readonly P[],
  request: RequestFacts,
  nowMs: number,
): PlaybackPick<P> {
  const { client, hasToken, isFromStart, arrivedMs, isRefused } = request;
  const byIdleTime = [...playbacks].sort(
    (a, b) => (a.idleSinceMs ?? Infinity) - (b.idleSinceMs ?? Infinity),
  );
  const own = byIdleTime.filter((playback) => playback.client === client);
  const isUnread = ({ idleSinceMs }: PlaybackFacts): boolean =>
    idleSinceMs !== null && nowMs - idleSinceMs >= UNREAD_MS;
  const found =
    own.findLast(({ isRead }) => !isRead) ??
    (hasToken ? own[0] : undefined) ??
    (isFromStart ? undefined : own.find(isUnread)) ??
    byIdleTime.find(({ isRead }) => !isRead);
  if (found !== undefined) return { kind: 'continue', playback: found };

  const isOwnSeek = !isFromStart && own.length > 0;
  if (own.length > 0 && nowMs < arrivedMs + OVERLAP_MS) {
    return { kind: 'wait', untilMs: arrivedMs + OVERLAP_MS };
  }
  if (!isRefused) return { kind: 'open', waitFor: isOwnSeek ? 'answer' : 'slot' };
  const endMs = arrivedMs + (isOwnSeek ? UNREAD_WAIT_MS : ROOM_WAIT_MS);
  if (playbacks.length === 0 || nowMs >= endMs) return { kind: 'refuse' };
  return { kind: 'wait', untilMs: Math.min(endMs, nowMs + CHECK_EVERY_MS) };
}
