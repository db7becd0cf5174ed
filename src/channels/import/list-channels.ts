import { Turns } from '../../kernel/turns';
import { MAX_SOURCES, type ChannelSource } from '../channel';
import { MAX_LABEL_LENGTH } from '../channel-fields';
import { plainText, type ListEntry, type M3uList, type SkippedLine } from './m3u-list';

/** A channel as one list describes it. */
export interface ListChannel {
  readonly name: string;
  readonly group: string | null;
  readonly logo: string | null;
  readonly tvgId: string | null;
  readonly number: number | null;
  /** At least one, each id once, in the order of the list. */
  readonly sources: readonly ChannelSource[];
}

export interface ListChannels {
  readonly channels: readonly ListChannel[];
  readonly skipped: readonly SkippedLine[];
}

/** The same for two tvg-ids that mean the same channel. */
export function tvgKey(tvgId: string): string {
  return tvgId.toLowerCase();
}

/** The same for two names that mean the same channel. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/**
 * Groups the entries of a list into channels: entries with the same tvg-id are sources of one channel, and so are entries
 * with the same name, unless they have different tvg-ids.
 */
export async function groupEntries(list: M3uList): Promise<ListChannels> {
  const turns = new Turns();
  const byTvg = new Map<string, Draft>();
  const byName = new Map<string, Draft>();
  const drafts: Draft[] = [];
  const add = (entry: ListEntry): Draft => {
    const draft = { first: entry, entries: [] };
    drafts.push(draft);
    return draft;
  };
  for (const entry of list.entries) {
    if (turns.isOver) await turns.next();
    if (entry.tvgId === null) continue;
    const key = tvgKey(entry.tvgId);
    const draft = byTvg.get(key) ?? add(entry);
    byTvg.set(key, draft);
    draft.entries.push(entry);
    const name = nameKey(nameOf(entry));
    if (!byName.has(name)) byName.set(name, draft);
  }
  for (const entry of list.entries) {
    if (turns.isOver) await turns.next();
    if (entry.tvgId !== null) continue;
    const name = nameKey(nameOf(entry));
    const draft = byName.get(name) ?? add(entry);
    byName.set(name, draft);
    draft.entries.push(entry);
    if (entry.line < draft.first.line) draft.first = entry;
  }
  const skipped = [...list.skipped];
  const channels: ListChannel[] = [];
  for (const draft of drafts.sort((a, b) => a.first.line - b.first.line)) {
    if (turns.isOver) await turns.next();
    channels.push(channelOf(draft, skipped));
  }
  return { channels, skipped: skipped.sort((a, b) => a.line - b.line) };
}

interface Draft {
  /** The entry with the lowest line. */
  first: ListEntry;
  readonly entries: ListEntry[];
}

function channelOf({ first, entries }: Draft, skipped: SkippedLine[]): ListChannel {
  const inOrder = [...entries].sort((a, b) => a.line - b.line);
  const firstOf = <T>(valueOf: (entry: ListEntry) => T | null): T | null =>
    inOrder.map(valueOf).find((value) => value !== null) ?? null;
  const name = nameOf(first);
  const sources = new Map<string, ChannelSource>();
  for (const entry of inOrder) {
    const { kind, id } = entry.source;
    if (sources.has(id)) continue;
    if (sources.size >= MAX_SOURCES) {
      skipped.push({ line: entry.line, reason: 'too_many_sources' });
      continue;
    }
    const ownName = nameOf(entry);
    const label = ownName === name ? null : plainText(ownName, MAX_LABEL_LENGTH);
    sources.set(id, { kind, id, label });
  }
  return {
    name,
    group: firstOf(({ group }) => group),
    logo: firstOf(({ logo }) => logo),
    tvgId: firstOf(({ tvgId }) => tvgId),
    number: firstOf(({ number }) => number),
    sources: [...sources.values()],
  };
}

/** An address without a name gets the beginning of its id. */
function nameOf({ name, source }: ListEntry): string {
  return name ?? source.id.slice(0, 8);
}
