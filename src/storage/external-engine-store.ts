import type { DataFolder } from './data-folder';

/** An engine that somebody else runs and that was added with the API. */
export interface StoredEngine {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Port of the line protocol, if known. */
  readonly apiPort: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Number of its slots; null: MAX_STREAMS_PER_ENGINE. */
  readonly maxStreams: number | null;
}

/** The engines that were added with the API. */
export class ExternalEngineStore {
  constructor(private readonly folder: DataFolder) {}

  /** @throws DatabaseError */
  async list(): Promise<StoredEngine[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('external_engines').selectAll().orderBy('id').execute(),
    );
    return rows.map(({ id, host, port, api_port, labels, max_streams }) => ({
      ...{ id, host, port, apiPort: api_port, maxStreams: max_streams },
      labels: JSON.parse(labels) as Record<string, string>,
    }));
  }

  /** @throws as `Database.change` */
  async add({ id, host, port, apiPort, labels, maxStreams }: StoredEngine): Promise<void> {
    await this.folder.database.change((transaction) =>
      transaction
        .insertInto('external_engines')
        .values({
          ...{ id, host, port, api_port: apiPort, max_streams: maxStreams },
          labels: JSON.stringify(labels),
        })
        .execute(),
    );
  }

  /** @throws as `Database.change` */
  async remove(id: string): Promise<void> {
    await this.folder.database.change((transaction) =>
      transaction.deleteFrom('external_engines').where('id', '=', id).execute(),
    );
  }
}
