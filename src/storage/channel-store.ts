import { sql, type Kysely, type Transaction } from 'kysely';
import { AppError } from '../kernel/errors';
import { Turns } from '../kernel/turns';
import type { DataFolder } from './data-folder';
import { jsonEach, toJson } from './database/json-each';
import type { Schema } from './database/schema';
import type { EarlierFile } from './earlier-file';

export interface StoredChannel {
  readonly id: string;
  readonly name: string;
  readonly group: string | null;
  readonly logo: string | null;
  readonly tvgId: string | null;
  readonly isHidden: boolean;
  /** In the operator's order. */
  readonly sources: readonly StoredChannelSource[];
}

/** What the list of an import says about a channel. */
export interface StoredListing extends Omit<StoredChannel, 'id' | 'isHidden'> {
  readonly importId: string;
  readonly channelId: string;
  /** Milliseconds since 1970. */
  readonly missingSinceMs: number | null;
}

export interface StoredChannelSource {
  readonly kind: 'content_id' | 'infohash';
  /** 40 hex digits in lower case. */
  readonly id: string;
  readonly label: string | null;
}

/** Channels per query: the thread of the database has little memory, and all channels may need 100 MB. */
const BATCH = 500;

type Work = (transaction: Transaction<Schema>) => Promise<void>;

export interface StoredChannels {
  readonly channels: StoredChannel[];
  /** By the id of the channel. Other channels may have one too, such as removed ones. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The names of the fields that no longer follow the imports of a channel, for channels that have such fields. */
  readonly edited: ReadonlyMap<string, readonly string[]>;
  /** Those of one channel in the order in which they were first put. */
  readonly listings: readonly StoredListing[];
}

/** A change of many channels at once. */
export interface ChannelBatch {
  readonly put: readonly StoredChannel[];
  readonly removed?: readonly string[];
  /** Numbers of new channels. No other channel may have them. */
  readonly numbers?: ReadonlyMap<string, number>;
  readonly listings?: readonly StoredListing[];
  /** An import to remove with its listings. */
  readonly removedImport?: string;
}

/** The channels that were created with the API, and the numbers of all channels. */
export class ChannelStore {
  /** What the start could not write yet: the channels of an earlier release's file, and new numbers. */
  private unwritten: Work[] = [];
  private takenOver: (() => Promise<void>) | null = null;

  constructor(private readonly folder: DataFolder) {}

  /**
   * Returns all channels by id, and takes over those of `earlier` that the database does not have. If the disk refuses
   * them now, the next change writes them.
   *
   * @throws DatabaseError
   */
  async open(earlier: EarlierFile<readonly StoredChannel[]>): Promise<StoredChannels> {
    const stored = await this.folder.database.readOr(NOTHING, read);
    const { channels } = stored;
    if (earlier.content === null) return stored;
    const ids = new Set(channels.map(({ id }) => id));
    const missing = earlier.content.filter(({ id }) => !ids.has(id));
    this.takenOver = () => earlier.retire();
    await this.writeSoon((transaction) => write(transaction, missing));
    return { ...stored, channels: [...channels, ...missing] };
  }

  /** Replaces all numbers. If the disk refuses them now, the next change writes them. @throws DatabaseError */
  setNumbers(numbers: ReadonlyMap<string, number>): Promise<void> {
    return this.writeSoon(async (transaction) => {
      await transaction.deleteFrom('channel_numbers').execute();
      await addNumbers(transaction, [...numbers]);
    });
  }

  /**
   * Creates a channel, or replaces the one with this id. Another channel that has the number loses it.
   *
   * @param edited the fields that do not follow the channel's imports
   * @throws as `Database.change`
   */
  put(channel: StoredChannel, number: number, edited: readonly string[] = []): Promise<void> {
    const { id } = channel;
    return this.change(async (transaction) => {
      await write(transaction, [channel]);
      await transaction
        .updateTable('channels')
        .set({ edited: JSON.stringify(edited) })
        .where('id', '=', id)
        .execute();
      await transaction
        .deleteFrom('channel_numbers')
        .where((is) => is.or({ channel_id: id, number }))
        .execute();
      await transaction.insertInto('channel_numbers').values({ channel_id: id, number }).execute();
    });
  }

  /** Keeps the number of the channel. @throws as `Database.change` */
  remove(id: string): Promise<void> {
    return this.change((transaction) => remove(transaction, id));
  }

  /** Makes all changes or none. @throws as `Database.change` */
  apply({ put, removed = [], numbers, listings = [], removedImport }: ChannelBatch): Promise<void> {
    return this.change(async (transaction) => {
      const turns = new Turns();
      for (let from = 0; from < removed.length; from += BATCH) {
        const ids = removed.slice(from, from + BATCH);
        await transaction.deleteFrom('channels').where('id', 'in', ids).execute();
      }
      await write(transaction, put);
      if (numbers !== undefined) await addNumbers(transaction, [...numbers]);
      for (let from = 0; from < listings.length; from += BATCH) {
        if (turns.isOver) await turns.next();
        await putListings(transaction, listings.slice(from, from + BATCH));
      }
      if (removedImport === undefined) return;
      await transaction
        .deleteFrom('channel_listings')
        .where('import_id', '=', removedImport)
        .execute();
      await transaction.deleteFrom('channel_imports').where('id', '=', removedImport).execute();
    });
  }

  private async writeSoon(work: Work): Promise<void> {
    this.unwritten.push(work);
    await this.change(() => Promise.resolve()).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
  }

  private async change(work: Work): Promise<void> {
    const { unwritten, takenOver } = this;
    await this.folder.database.change(async (transaction) => {
      for (const earlier of unwritten) await earlier(transaction);
      await work(transaction);
    });
    this.unwritten = [];
    this.takenOver = null;
    // Otherwise the next start would create removed channels again.
    await takenOver?.();
  }
}

const NOTHING: StoredChannels = {
  channels: [],
  numbers: new Map(),
  edited: new Map(),
  listings: [],
};

async function read(database: Kysely<Schema>): Promise<StoredChannels> {
  const channels = await list(database);
  const rows = await database.selectFrom('channel_numbers').selectAll().execute();
  const edited = await database
    .selectFrom('channels')
    .select(['id', 'edited'])
    .where('edited', '!=', '[]')
    .execute();
  return {
    channels,
    numbers: new Map(rows.map((row) => [row.channel_id, row.number])),
    edited: new Map(edited.map((row) => [row.id, JSON.parse(row.edited) as string[]])),
    listings: await readListings(database),
  };
}

async function readListings(database: Kysely<Schema>): Promise<StoredListing[]> {
  const all: StoredListing[] = [];
  for (let last = 0; ;) {
    const batch = await database
      .selectFrom('channel_listings')
      .selectAll()
      .where('sequence', '>', last)
      .orderBy('sequence')
      .limit(BATCH)
      .execute();
    for (const row of batch) {
      all.push({
        importId: row.import_id,
        channelId: row.channel_id,
        name: row.name,
        group: row.group_name,
        logo: row.logo,
        tvgId: row.tvg_id,
        sources: JSON.parse(row.sources) as StoredChannelSource[],
        missingSinceMs: row.missing_since,
      });
    }
    if (batch.length < BATCH) return all;
    last = batch.at(-1)?.sequence ?? 0;
  }
}

async function list(database: Kysely<Schema>): Promise<StoredChannel[]> {
  const all: StoredChannel[] = [];
  for (let last = ''; ;) {
    const batch = await listAfter(database, last);
    all.push(...batch);
    if (batch.length < BATCH) return all;
    last = batch.at(-1)?.id ?? '';
  }
}

/** Returns the next channels in the order of their ids. */
async function listAfter(database: Kysely<Schema>, last: string): Promise<StoredChannel[]> {
  const channels = await database
    .selectFrom('channels')
    .selectAll()
    .where('id', '>', last)
    .orderBy('id')
    .limit(BATCH)
    .execute();
  const sources = await database
    .selectFrom('channel_sources')
    .selectAll()
    .where('channel_id', '>', last)
    .where('channel_id', '<=', channels.at(-1)?.id ?? '')
    .orderBy('channel_id')
    .orderBy('position')
    .execute();
  const byChannel = new Map<string, StoredChannelSource[]>();
  for (const { channel_id, kind, content, label } of sources) {
    const ofChannel = byChannel.get(channel_id) ?? [];
    byChannel.set(channel_id, ofChannel);
    ofChannel.push({ kind, id: content, label });
  }
  return channels.map(({ id, name, group_name, logo, tvg_id, is_hidden }) => ({
    id,
    name,
    group: group_name,
    logo,
    tvgId: tvg_id,
    isHidden: is_hidden !== 0,
    sources: byChannel.get(id) ?? [],
  }));
}

/** Creates or replaces channels; which fields are edited, numbers and listings stay. */
async function write(
  transaction: Transaction<Schema>,
  channels: readonly StoredChannel[],
): Promise<void> {
  // Answers of the database thread can arrive so soon that nothing else runs in between.
  const turns = new Turns();
  for (let from = 0; from < channels.length; from += BATCH) {
    if (turns.isOver) await turns.next();
    await writeBatch(transaction, channels.slice(from, from + BATCH));
  }
}

async function writeBatch(
  transaction: Transaction<Schema>,
  channels: readonly StoredChannel[],
): Promise<void> {
  const each = jsonEach(channels.map(toJson));
  await sql`
    INSERT INTO channels (id, name, group_name, logo, tvg_id, is_hidden)
    SELECT each.value ->> 'id', each.value ->> 'name', each.value ->> 'group', each.value ->> 'logo',
      each.value ->> 'tvgId', each.value ->> 'isHidden'
    FROM ${each} WHERE true
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, group_name = excluded.group_name,
      logo = excluded.logo, tvg_id = excluded.tvg_id, is_hidden = excluded.is_hidden
  `.execute(transaction);
  await sql`
    DELETE FROM channel_sources WHERE channel_id IN (SELECT each.value ->> 'id' FROM ${each})
  `.execute(transaction);
  await sql`
    INSERT INTO channel_sources (channel_id, position, kind, content, label)
    SELECT each.value ->> 'id', source.key, source.value ->> 'kind', source.value ->> 'id',
      source.value ->> 'label'
    FROM ${each}, json_each(each.value -> 'sources') AS source
  `.execute(transaction);
}

async function addNumbers(
  transaction: Transaction<Schema>,
  numbers: readonly (readonly [channelId: string, number: number])[],
): Promise<void> {
  const each = jsonEach(numbers.map(toJson));
  // When no other is left, a channel gets the number of a removed one.
  await sql`
    DELETE FROM channel_numbers WHERE number IN (SELECT each.value ->> 1 FROM ${each})
  `.execute(transaction);
  await sql`
    INSERT INTO channel_numbers (channel_id, number)
    SELECT each.value ->> 0, each.value ->> 1 FROM ${each} WHERE true
    ON CONFLICT (channel_id) DO UPDATE SET number = excluded.number
  `.execute(transaction);
}

async function putListings(
  transaction: Transaction<Schema>,
  listings: readonly StoredListing[],
): Promise<void> {
  await sql`
    INSERT INTO channel_listings
      (import_id, channel_id, name, group_name, logo, tvg_id, sources, missing_since)
    SELECT each.value ->> 'importId', each.value ->> 'channelId', each.value ->> 'name',
      each.value ->> 'group', each.value ->> 'logo', each.value ->> 'tvgId',
      each.value -> 'sources', each.value ->> 'missingSinceMs'
    FROM ${jsonEach(listings.map(toJson))} WHERE true
    ON CONFLICT (channel_id, import_id) DO UPDATE SET name = excluded.name,
      group_name = excluded.group_name, logo = excluded.logo, tvg_id = excluded.tvg_id,
      sources = excluded.sources, missing_since = excluded.missing_since
  `.execute(transaction);
}

async function remove(transaction: Transaction<Schema>, id: string): Promise<void> {
  await transaction.deleteFrom('channels').where('id', '=', id).execute();
}
