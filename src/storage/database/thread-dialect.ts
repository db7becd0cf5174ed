import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { SqlResult } from './protocol';

export type Execute = (sql: string, parameters: readonly unknown[]) => Promise<SqlResult>;

/** The SQLite dialect of Kysely over one connection that is in another thread. */
export function threadDialect(execute: Execute): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(execute),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Lends the one connection to one query or transaction after the other. */
class ThreadDriver implements Driver {
  private readonly connection: ThreadConnection;
  private returned: Promise<void> = Promise.resolve();
  private giveBack: () => void = () => undefined;

  constructor(execute: Execute) {
    this.connection = new ThreadConnection(execute);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.returned;
    let giveBack: () => void = () => undefined;
    this.returned = new Promise((resolve) => (giveBack = resolve));
    await before;
    this.giveBack = giveBack;
    return this.connection;
  }

  releaseConnection(): Promise<void> {
    this.giveBack();
    return Promise.resolve();
  }

  /** Takes the lock for writing at once, so that a transaction cannot fail in the middle because of a reader. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

class ThreadConnection implements DatabaseConnection {
  constructor(private readonly execute: Execute) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.execute(sql, parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    throw new Error('rows cannot be streamed from the thread of the database');
  }
}
