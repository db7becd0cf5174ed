import type { Viewer } from '../viewers';

/**
 * Whether those who watch are the very players that wait for something else: then they are about to close what they
 * have, as players do that open the next channel first. Address and agent are no more than a hint, since two players
 * behind one router may share both: it is good for a short wait, and never for taking a stream from anybody.
 *
 * @param isShared addresses that speak for many viewers
 */
export function isSwitch(
  watching: Iterable<Viewer>,
  waiting: Iterable<Viewer>,
  isShared: (ip: string) => boolean,
): boolean {
  const players = new Set([...waiting].map(({ identity }) => nameOf(identity)));
  let isAny = false;
  for (const { identity, takesSegments } of watching) {
    // Who fetches segments hangs nothing up.
    if (takesSegments || identity.userAgent === '' || isShared(identity.ip)) return false;
    if (!players.has(nameOf(identity))) return false;
    isAny = true;
  }
  return isAny;
}

function nameOf({ ip, userAgent }: Viewer['identity']): string {
  return `${ip} ${userAgent}`;
}
