import {
  IMPORTED_FIELDS,
  MAX_SOURCES,
  type Channel,
  type ChannelSource,
  type ImportedField,
  type Listing,
} from '../channel';

export const NOTHING_EDITED: ReadonlySet<ImportedField> = new Set();

/** Which imports list a channel, and which of its fields an administrator has changed. */
export interface ImportState {
  /** Ids of the imports, the oldest first. */
  readonly imports: readonly string[];
  readonly edited: readonly ImportedField[];
  /** Since when no list has had the channel; null if one has it. */
  readonly missingSinceMs: number | null;
}

/** The listings of all imports by channel. Those of a channel are in the order in which they came. */
export class Listings {
  private readonly byChannel = new Map<string, readonly Listing[]>();

  constructor(listings: Iterable<Listing> = []) {
    for (const listing of listings) this.put(listing);
  }

  of(channelId: string): readonly Listing[] {
    return this.byChannel.get(channelId) ?? [];
  }

  ofImport(importId: string): Listing[] {
    return [...this].filter((listing) => listing.importId === importId);
  }

  *[Symbol.iterator](): Generator<Listing> {
    for (const listings of this.byChannel.values()) yield* listings;
  }

  put(listing: Listing): void {
    this.byChannel.set(listing.channelId, withListing(this.of(listing.channelId), listing));
  }

  removeImport(importId: string): void {
    for (const [channelId, listings] of this.byChannel) {
      const left = withoutImport(listings, importId);
      if (left.length === 0) this.byChannel.delete(channelId);
      else this.byChannel.set(channelId, left);
    }
  }

  removeChannel(channelId: string): void {
    this.byChannel.delete(channelId);
  }
}

/** Replaces the listing of the same import, or adds the new one behind all others. */
export function withListing(listings: readonly Listing[], listing: Listing): Listing[] {
  const at = listings.findIndex(({ importId }) => importId === listing.importId);
  return at < 0 ? [...listings, listing] : listings.with(at, listing);
}

export function withoutImport(listings: readonly Listing[], importId: string): Listing[] {
  return listings.filter((listing) => listing.importId !== importId);
}

/** Since when no list has had the channel; null if one has it, or if it comes from no list. */
export function missingSinceMs(listings: readonly Listing[]): number | null {
  const times = listings.map((listing) => listing.missingSinceMs);
  if (times.length === 0 || times.includes(null)) return null;
  return Math.max(...times.map(Number));
}

/**
 * The channel as its listings say, except for the fields that an administrator has changed. The first list that has a
 * value for a field wins; the sources are those of all lists that have the channel.
 *
 * @param listings at least one
 */
export function followListings<T extends Channel>(
  channel: T,
  listings: readonly Listing[],
  edited: ReadonlySet<ImportedField>,
): T {
  const present = listings.filter((listing) => listing.missingSinceMs === null);
  const used = present.length > 0 ? present : listings;
  const firstOf = <V>(valueOf: (listing: Listing) => V | null): V | null =>
    used.map(valueOf).find((value) => value !== null) ?? null;
  const listed: Pick<Channel, ImportedField> = {
    name: used[0]?.name ?? channel.name,
    group: firstOf(({ group }) => group),
    logo: firstOf(({ logo }) => logo),
    tvgId: firstOf(({ tvgId }) => tvgId),
    sources: used.length === 1 && used[0] ? used[0].sources : joinSources(used),
  };
  const kept = IMPORTED_FIELDS.filter((field) => edited.has(field));
  return { ...channel, ...listed, ...Object.fromEntries(kept.map((key) => [key, channel[key]])) };
}

/** The imported fields in which two channels or listings differ. */
export function differingFields(
  a: Pick<Channel, ImportedField>,
  b: Pick<Channel, ImportedField>,
): ImportedField[] {
  return IMPORTED_FIELDS.filter((field) =>
    field === 'sources' ? !areSameSources(a.sources, b.sources) : a[field] !== b[field],
  );
}

function joinSources(listings: readonly Listing[]): ChannelSource[] {
  const sources = new Map<string, ChannelSource>();
  for (const source of listings.flatMap((listing) => listing.sources)) {
    if (!sources.has(source.id)) sources.set(source.id, source);
  }
  return [...sources.values()].slice(0, MAX_SOURCES);
}

function areSameSources(a: readonly ChannelSource[], b: readonly ChannelSource[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((one, i) => {
    const other = b[i];
    return one.id === other?.id && one.kind === other.kind && one.label === other.label;
  });
}
