import { Turns } from '../../kernel/turns';
import { MAX_CHANNELS, type Channel, type ImportedField, type Listing } from '../channel';
import { AppError } from '../../kernel/errors';
import type { ChannelNumbers } from '../channel-numbers';
import { ChannelIds } from './channel-ids';
import type { ListChannel } from './list-channels';
import {
  differingFields,
  followListings,
  missingSinceMs,
  NOTHING_EDITED,
  withListing,
  withoutImport,
  type Listings,
} from './listings';
import { matchChannels } from './match-channels';

/** The channels before an import. */
export interface ChannelState {
  /** The channels that imports may change. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly listings: Listings;
  readonly edited: ReadonlyMap<string, ReadonlySet<ImportedField>>;
  /** Changed by the plan, so it must be a copy. */
  readonly numbers: ChannelNumbers;
  /** Whether any channel has this id. */
  readonly has: (id: string) => boolean;
}

export type ChangeKind = 'added' | 'changed' | 'missing' | 'returned';

/** What an import changes about one channel. */
export interface ChannelChange {
  readonly channelId: string;
  readonly name: string;
  readonly kind: ChangeKind;
  /** Fields with a new value; empty for a new channel. */
  readonly fields: readonly ImportedField[];
}

/** What must be written so that the channels agree with a list. */
export interface ImportPlan {
  /** New channels, and those with a new value. */
  readonly put: readonly Channel[];
  /** Numbers of the new channels. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Listings that are new or have changed. */
  readonly listings: readonly Listing[];
  readonly changes: readonly ChannelChange[];
}

/**
 * Compares a list with the channels. Edited fields, hidden channels, ids and numbers stay; a channel that the list no
 * longer has stays with its last sources.
 *
 * @throws AppError `unusable_list` if there would be more than `MAX_CHANNELS`
 */
export async function planImport(
  importId: string,
  list: readonly ListChannel[],
  state: ChannelState,
  nowMs: number,
): Promise<ImportPlan> {
  const { channels, listings, numbers } = state;
  const found = await matchChannels(importId, list, listings);
  const newCount = found.filter((id) => id === null).length;
  if (newCount > 0 && channels.size + newCount > MAX_CHANNELS) {
    throw new AppError(
      'unusable_list',
      `The list would make ${channels.size + newCount} channels of ${channels.size}; the limit is ${MAX_CHANNELS}.`,
    );
  }
  const turns = new Turns();
  const ids = new ChannelIds(state.has);
  const put: Channel[] = [];
  const changed: Listing[] = [];
  const changes: ChannelChange[] = [];
  const newNumbers = new Map<string, number>();

  const numberOf = (channelId: string, wanted: number | null): number => {
    const former = numbers.of(channelId);
    if (former !== null) return former;
    const isFree = wanted !== null && numbers.ownerOf(wanted) === null;
    return isFree ? wanted : numbers.next((id) => state.has(id) || newNumbers.has(id));
  };

  const apply = (listing: Listing): void => {
    const { channelId } = listing;
    const before = listings.of(channelId);
    const former = before.find((one) => one.importId === importId);
    const isSame =
      former?.missingSinceMs === listing.missingSinceMs &&
      differingFields(former, listing).length === 0;
    if (isSame) return;
    changed.push(listing);
    const after = withListing(before, listing);
    const channel = channels.get(channelId);
    if (channel === undefined) {
      put.push(followListings(blank(listing), after, NOTHING_EDITED));
      changes.push({ channelId, name: listing.name, kind: 'added', fields: [] });
      return;
    }
    const edited = state.edited.get(channelId) ?? NOTHING_EDITED;
    const next = followListings(channel, after, edited);
    const fields = differingFields(channel, next);
    if (fields.length > 0) put.push(next);
    const wasMissing = missingSinceMs(before) !== null;
    const isMissing = missingSinceMs(after) !== null;
    if (wasMissing === isMissing && fields.length === 0) return;
    const kind = wasMissing === isMissing ? 'changed' : isMissing ? 'missing' : 'returned';
    changes.push({ channelId, name: next.name, kind, fields });
  };

  for (const [i, { number, ...described }] of list.entries()) {
    if (turns.isOver) await turns.next();
    const channelId = found[i] ?? ids.next(described.name, described.tvgId);
    apply({ ...described, importId, channelId, missingSinceMs: null });
    if (found[i] !== null) continue;
    const given = numberOf(channelId, number);
    numbers.give(channelId, given);
    newNumbers.set(channelId, given);
  }
  const listed = new Set(found);
  for (const listing of listings.ofImport(importId)) {
    if (turns.isOver) await turns.next();
    if (listed.has(listing.channelId) || listing.missingSinceMs !== null) continue;
    apply({ ...listing, missingSinceMs: nowMs });
  }
  return { put, numbers: newNumbers, listings: changed, changes };
}

/** What must be written when an import is removed. */
export interface RemovalPlan {
  /** Channels that other imports list too, with the values from those imports. */
  readonly put: readonly Channel[];
  /** Ids of the channels that no other import lists. */
  readonly removed: readonly string[];
}

export async function planRemoval(importId: string, state: ChannelState): Promise<RemovalPlan> {
  const turns = new Turns();
  const put: Channel[] = [];
  const removed: string[] = [];
  for (const { channelId } of state.listings.ofImport(importId)) {
    if (turns.isOver) await turns.next();
    const left = withoutImport(state.listings.of(channelId), importId);
    const channel = state.channels.get(channelId);
    if (channel === undefined) continue;
    if (left.length === 0) {
      removed.push(channelId);
      continue;
    }
    const edited = state.edited.get(channelId) ?? NOTHING_EDITED;
    const next = followListings(channel, left, edited);
    if (differingFields(channel, next).length > 0) put.push(next);
  }
  return { put, removed };
}

/** A new channel without values of its own. */
function blank({ channelId, name, sources }: Listing): Channel {
  return { id: channelId, name, group: null, logo: null, tvgId: null, isHidden: false, sources };
}
