import { sql, type Kysely, type Transaction } from 'kysely';
import { AppError } from '../kernel/errors';
import type { DataFolder } from './data-folder';
import { jsonEach, toJson } from './database/json-each';
import type { Schema } from './database/schema';
import type { EarlierFile } from './earlier-file';

export interface StoredChannel {
  readonly id: string;
  readonly name: string;
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

/** The channels that were created with the API. */
export class ChannelStore {
  /** Writes the channels of an earlier release's file; null if nothing is left to write. */
  private takeOver: ((transaction: Transaction<Schema>) => Promise<void>) | null = null;
  private takenOver: (() => Promise<void>) | null = null;

  constructor(private readonly folder: DataFolder) {}

  /**
   * Returns all channels by id, and takes over those of `earlier` that the database does not have. If the disk refuses
   * them now, the next change writes them.
   *
   * @throws DatabaseError
   */
  async open(earlier: EarlierFile<readonly StoredChannel[]>): Promise<StoredChannel[]> {
    const stored = await this.folder.database.readOr([], list);
    if (earlier.content === null) return stored;
    const ids = new Set(stored.map(({ id }) => id));
    const missing = earlier.content.filter(({ id }) => !ids.has(id));
    this.takeOver = (transaction) => write(transaction, missing);
    this.takenOver = () => earlier.retire();
    await this.change(() => Promise.resolve()).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
    return [...stored, ...missing];
  }

  /** Creates a channel, or replaces the one with this id. @throws as `Database.change` */
  put(channel: StoredChannel): Promise<void> {
    return this.change(async (transaction) => {
      await remove(transaction, channel.id);
      await write(transaction, [channel]);
    });
  }

  /** @throws as `Database.change` */
  remove(id: string): Promise<void> {
    return this.change((transaction) => remove(transaction, id));
  }

  private async change(work: (transaction: Transaction<Schema>) => Promise<void>): Promise<void> {
    const { takeOver, takenOver } = this;
    await this.folder.database.change(async (transaction) => {
      await takeOver?.(transaction);
      await work(transaction);
    });
    this.takeOver = null;
    this.takenOver = null;
    // Otherwise the next start would create removed channels again.
    await takenOver?.();
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
  return channels.map(({ id, name }) => ({ id, name, sources: byChannel.get(id) ?? [] }));
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
    INSERT INTO channels (id, name)
    SELECT each.value ->> 'id', each.value ->> 'name' FROM ${each}
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
