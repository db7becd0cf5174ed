import { setMaxListeners } from 'node:events';

/**
 * Aborts `follower` with the first of `leaders` that does, for its reason. Returns what ends that.
 *
 * For leaders that outlive many followers, such as one that aborts with the process: `AbortSignal.any` leaves an
 * entry with each of its signals that is never taken back (Node 20, nodejs/node#54614).
 */
export function linkAbort(follower: AbortController, leaders: Iterable<AbortSignal>): () => void {
  const links = [...leaders].map((leader) => {
    // So many followers are no leak, of which Node would warn from the eleventh on: each takes its listener back.
    setMaxListeners(Infinity, leader);
    const onAbort = (): void => follower.abort(leader.reason);
    leader.addEventListener('abort', onAbort, { once: true });
    if (leader.aborted) onAbort();
    return () => leader.removeEventListener('abort', onAbort);
  });
  return () => {
    for (const unlink of links) unlink();
  };
}
