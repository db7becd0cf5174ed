import { sql, type Kysely, type Transaction } from 'kysely';
import { AppError } from '../kernel/errors';
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
    const { channels, numbers } = await this.folder.database.readOr(NOTHING, read);
    if (earlier.content === null) return { channels, numbers };
    const ids = new Set(channels.map(({ id }) => id));
    const missing = earlier.content.filter(({ id }) => !ids.has(id));
    this.takenOver = () => earlier.retire();
    await this.writeSoon((transaction) => write(transaction, missing));
    return { channels: [...channels, ...missing], numbers };
  }

  /** Replaces all numbers. If the disk refuses them now, the next change writes them. @throws DatabaseError */
  setNumbers(numbers: ReadonlyMap<string, number>): Promise<void> {
    const rows = [...numbers].map((row) => JSON.stringify(row));
    return this.writeSoon(async (transaction) => {
      await transaction.deleteFrom('channel_numbers').execute();
      await sql`
        INSERT INTO channel_numbers (channel_id, number)
        SELECT each.value ->> 0, each.value ->> 1 FROM ${jsonEach(rows)}
      `.execute(transaction);
    });
  }

  /**
   * Creates a channel, or replaces the one with this id. Another channel that has the number loses it.
   *
   * @throws as `Database.change`
   */
  put(channel: StoredChannel, number: number): Promise<void> {
    const { id } = channel;
    return this.change(async (transaction) => {
      await remove(transaction, id);
      await write(transaction, [channel]);
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

const NOTHING: StoredChannels = { channels: [], numbers: new Map() };

async function read(database: Kysely<Schema>): Promise<StoredChannels> {
  const channels = await list(database);
  const rows = await database.selectFrom('channel_numbers').selectAll().execute();
  return { channels, numbers: new Map(rows.map((row) => [row.channel_id, row.number])) };
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

/** The channels must not exist. */
async function write(
  transaction: Transaction<Schema>,
  channels: readonly StoredChannel[],
): Promise<void> {
  for (let from = 0; from < channels.length; from += BATCH) {
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
    FROM ${each}
  `.execute(transaction);
  await sql`
    INSERT INTO channel_sources (channel_id, position, kind, content, label)
    SELECT each.value ->> 'id', source.key, source.value ->> 'kind', source.value ->> 'id',
      source.value ->> 'label'
    FROM ${each}, json_each(each.value -> 'sources') AS source
  `.execute(transaction);
}

async function remove(transaction: Transaction<Schema>, id: string): Promise<void> {
  await transaction.deleteFrom('channels').where('id', '=', id).execute();
}
