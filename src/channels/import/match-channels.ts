import { Turns } from '../../kernel/turns';
import type { Listing } from '../channel';
import { nameKey, tvgKey, type ListChannel } from './list-channels';

/** At most so many channels with the same name or content are compared; a hostile list could have thousands. */
const MAX_SAME = 16;

type Described = Pick<Listing, 'name' | 'tvgId' | 'sources'>;

/**
 * Finds the channel that each entry of a list means, or null for a new channel. First, the channels that the same import
 * has listed before are searched by tvg-id (or by name, if the entry has none), then by name, then by content. After that
 * those of other imports are searched in the same order. So a channel keeps its id and number when its content changes,
 * and when its name or tvg-id changes but not its content. No two entries get the same channel.
 */
export async function matchChannels(
  importId: string,
  channels: readonly ListChannel[],
  listings: Iterable<Listing>,
): Promise<(string | null)[]> {
  const turns = new Turns();
  const own: Listing[] = [];
  const others: Listing[] = [];
  for (const listing of listings) (listing.importId === importId ? own : others).push(listing);
  const found: (string | null)[] = channels.map(() => null);
  const claimed = new Set<string>();
  const search = async (
    among: readonly Listing[],
    keysOf: (one: Described) => readonly string[],
    fits: (one: Described, other: Described) => boolean = () => true,
  ): Promise<void> => {
    if (among.length === 0 || claimed.size === channels.length) return;
    const index = new Map<string, Listing[]>();
    for (const listing of among) {
      if (turns.isOver) await turns.next();
      if (claimed.has(listing.channelId)) continue;
      for (const key of keysOf(listing)) {
        const same = index.get(key);
        if (same === undefined) index.set(key, [listing]);
        else if (same.length < MAX_SAME) same.push(listing);
      }
    }
    for (const [i, channel] of channels.entries()) {
      if (turns.isOver) await turns.next();
      if (found[i] !== null) continue;
      const match = keysOf(channel)
        .flatMap((key) => index.get(key) ?? [])
        .find((listing) => !claimed.has(listing.channelId) && fits(channel, listing));
      if (match === undefined) continue;
      found[i] = match.channelId;
      claimed.add(match.channelId);
    }
  };
  await search(own, keyOf);
  await search(own, byName);
  await search(own, byContent);
  await search(others, byTvgId);
  // Two lists may give the same name to different channels, but then they also give them different ids.
  await search(others, byName, (one, other) => one.tvgId === null || other.tvgId === null);
  await search(others, byContent);
  return found;
}

/** No two entries of one list have the same key. */
function keyOf({ tvgId, name }: Described): string[] {
  return [tvgId === null ? `n${nameKey(name)}` : `t${tvgKey(tvgId)}`];
}

function byTvgId({ tvgId }: Described): string[] {
  return tvgId === null ? [] : [tvgKey(tvgId)];
}

function byName({ name }: Described): string[] {
  return [nameKey(name)];
}

function byContent({ sources }: Described): string[] {
  return sources.map(({ id }) => id);
}
