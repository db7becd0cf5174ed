/** The facts about a playback that decide whether a request may continue it. */
export interface PlaybackFacts {
  /** Identifies the last viewer: its token, or its IP address and User-Agent. */
  readonly client: string;
  readonly hasViewer: boolean;
  /**
   * Monotonic time at which the last viewer left or, if there is a viewer who takes none of the queued bytes, at which
   * bytes were last queued. Null while the viewer takes bytes.
   */
  readonly idleSinceMs: number | null;
}

/** The facts about a request that decide which playback it continues. */
export interface RequestFacts {
  /** Identifies the client, as in `PlaybackFacts`. */
  readonly client: string;
  /**
   * True if `client` is a token, which only one viewer has. Several viewers may share an IP address and a User-Agent.
   */
  readonly hasToken: boolean;
  /** True if the request begins with the first byte of the file. */
  readonly isFromStart: boolean;
  /** Monotonic time of the request. */
  readonly arrivedMs: number;
  /** True if a playback was already opened for this request, but found no engine. */
  readonly isRefused: boolean;
}

/** What to do with a request. */
export type PlaybackPick<P> =
  | { readonly kind: 'continue'; readonly playback: P }
  /**
   * Open another playback. With `answer`, do not wait for a slot, because the client may soon continue one of its own.
   */
  | { readonly kind: 'open'; readonly waitFor: 'slot' | 'answer' }
  /** Pick again at this monotonic time, or earlier if a playback changes. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'refuse' };

/**
 * A playback counts as unread when its viewer has taken nothing for this long: a player that seeks may leave its
 * previous connection open without reading from it.
 */
const UNREAD_MS = 3000;
/**
 * Wait for this long, because a player that seeks often closes its old connection only just after it opens the new one.
 */
const OVERLAP_MS = 250;
/**
 * How long a request that found no engine waits for another viewer to leave: some players open a connection before they
 * close the previous one.
 */
const ROOM_WAIT_MS = 1500;
/**
 * How long such a request waits if a playback of its own client may become unread. This takes longer than UNREAD_MS,
 * because a viewer counts as taking nothing only when the buffers of its socket are full.
 */
const UNREAD_WAIT_MS = UNREAD_MS + 1000;
/** How often a waiting request looks for an unread playback. */
const CHECK_EVERY_MS = 250;

/**
 * Chooses the playback that a request continues, or decides that it opens another one, waits, or is refused.
 *
 * A token identifies one viewer, whose new request always continues its playback. An IP address and a User-Agent do not
 * identify a viewer, because several people behind one router may use the same player. So without a token, a request
 * for the first byte counts as a new viewer, and never takes over a playback that has a viewer. A request for a later
 * byte counts as a seek. It continues a playback of the same client that has no viewer, or whose viewer takes nothing.
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
    own.findLast(({ hasViewer }) => !hasViewer) ??
    (hasToken ? own[0] : undefined) ??
    (isFromStart ? undefined : own.find(isUnread)) ??
    byIdleTime.find(({ hasViewer }) => !hasViewer);
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
