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

/** @param isContinued true: in a transaction, which ends with the thread in which it began */
export type Execute = (
  sql: string,
  parameters: readonly unknown[],
  isContinued: boolean,
) => Promise<SqlResult>;

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
    this.connection.isInTransaction = false;
    this.giveBack();
    return Promise.resolve();
  }

  /** Takes the lock for writing at once, so that a transaction cannot fail in the middle because of a reader. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
    this.connection.isInTransaction = true;
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  /** After some errors, such as a full disk, SQLite has rolled back already. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK')).catch(() => undefined);
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

class ThreadConnection implements DatabaseConnection {
  isInTransaction = false;

  constructor(private readonly execute: Execute) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.execute(sql, parameters, this.isInTransaction);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    throw new Error('rows cannot be streamed from the thread of the database');
  }
}
