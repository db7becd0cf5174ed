/** One playback of a content, as far as it matters for which request may continue it. */
export interface PlaybackFacts {
  /** Token of its last viewer, or that viewer's address and User-Agent. */
  readonly client: string;
  readonly isRead: boolean;
  /**
   * Monotonic ms since when nobody reads it, or since when its viewer has taken none of the bytes that wait for it.
   * Null: the viewer takes what comes.
   */
  readonly idleSinceMs: number | null;
}

/** What is known of a request. */
export interface RequestFacts {
  readonly client: string;
  /** `client` is a token, which identifies one viewer; an address and a User-Agent may belong to several. */
  readonly hasToken: boolean;
  readonly isFromStart: boolean;
  /** Monotonic ms. */
  readonly arrivedMs: number;
  /** The request has tried to open another playback, and there was no room for it. */
  readonly isRefused: boolean;
}

export type PlaybackPick<P> =
  | { readonly kind: 'continue'; readonly playback: P }
  /** Play it on another engine. `answer`: without waiting for a slot, because the client may continue one of its playbacks. */
  | { readonly kind: 'open'; readonly waitFor: 'slot' | 'answer' }
  /** Pick again at this time, or when a playback changes. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'refuse' };

/** A viewer that has taken nothing for this long is taken to read elsewhere: players keep their last connection while they seek. */
const UNREAD_MS = 3000;
/** Players that seek often close the old connection just after they open the new one. */
const OVERLAP_MS = 250;
/** A request without room waits this long for a player that opens one connection before it closes another … */
const ROOM_WAIT_MS = 1500;
/** … and this long if a playback of its own client may turn out to be unread: buffers fill before a viewer takes nothing. */
const UNREAD_WAIT_MS = UNREAD_MS + 1000;
const CHECK_EVERY_MS = 250;

/**
 * Which playback a request continues. A token identifies one viewer, whose playback follows each of its requests. An address and
 * a User-Agent do not: several people behind one router may use the same player. So a request for the first byte is
 * a new viewer, who never gets a playback that somebody reads. A request for a later byte is a seek, which continues a
 * playback of the same client: one whose connection is closed, or one whose viewer takes nothing.
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
