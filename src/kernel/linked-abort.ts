import { setMaxListeners } from 'node:events';

/**
 * Aborts `follower` as soon as one of `leaders` aborts, with the same reason. Returns a function that removes the
 * link.
 *
 * Use it instead of `AbortSignal.any` for leaders that outlive many followers, such as a signal that aborts with
 * the process: `AbortSignal.any` adds an entry to each of its signals that is never removed (Node 20,
 * nodejs/node#54614).
 */
export function linkAbort(follower: AbortController, leaders: Iterable<AbortSignal>): () => void {
  const links = [...leaders].map((leader) => {
    // Node warns of a leak from the eleventh listener on; these listeners are removed by their followers.
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
