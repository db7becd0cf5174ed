import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { CompiledQuery, Kysely, type Transaction } from 'kysely';
import { monotonicMs } from '../../kernel/clock';
import { DataFolderError } from '../data-folder-error';
import type { StorageLog } from '../storage-log';
import {
  refusedChange,
  writeTroubleOf,
  type StorageTrouble,
  type WriteTrouble,
} from '../storage-trouble';
import { startDatabaseThread, type DatabaseThread } from './database-thread';
import {
  toSqlValue,
  type DatabaseAnswer,
  type DatabaseFault,
  type DatabaseRequest,
  type Numbered,
  type Opening,
  type SqlResult,
} from './protocol';
import type { Schema } from './schema';
import { threadDialect } from './thread-dialect';

/** Interval between two attempts after a failure. */
export const RETRY_MS = 2000;
/** A request that takes longer is reported as a slow disk. */
const SLOW_MS = 2000;
/** The copy is written this long after a change, so that many changes cause one copy. */
const COPY_AFTER_MS = 5000;
/** Size of a write that finds out whether there is space again, in bytes. */
const PROBE_BYTES = 64 * 1024;

/** The code of an error of the database. */
export class DatabaseError extends Error {
  constructor(readonly fault: DatabaseFault) {
    super(fault.message);
    this.name = 'DatabaseError';
  }
}

interface Pending {
  readonly sinceMs: number;
  readonly resolve: (value: Opening | SqlResult | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The embedded database in DATA_DIR. It runs in a thread of its own and is opened by the first query. A failed change
 * changes nothing; what could not be written is reported as a trouble until a write succeeds.
 */
export class Database {
  private readonly kysely: Kysely<Schema>;
  private thread: DatabaseThread | null = null;
  private opening: Promise<void> | null = null;
  private readonly pending = new Map<number, Pending>();
  private requests = 0;
  private damage: StorageTrouble | null = null;
  private unwritten: StorageTrouble | null = null;
  private uncopied: StorageTrouble | null = null;
  private slow: StorageTrouble | null = null;
  /** Duration of the slowest request since the last change was written. */
  private slowestMs = 0;
  private probeTimer: NodeJS.Timeout | null = null;
  private copyTimer: NodeJS.Timeout | null = null;
  private isChanged = false;
  /** True if it could not be created for lack of space. */
  private isMissing = false;
  /** True if it was opened on a file system that allowed no changes. */
  private isReadOnly = false;
  private isClosed = false;

  private readonly name: string;

  constructor(
    private readonly path: string,
    private readonly log: StorageLog,
  ) {
    this.name = basename(path);
    this.kysely = new Kysely<Schema>({
      dialect: threadDialect((...query) => this.execute(...query)),
    });
  }

  get troubles(): StorageTrouble[] {
    const oldestMs = Math.min(...[...this.pending.values()].map(({ sinceMs }) => sinceMs));
    const isWaiting = monotonicMs() - oldestMs > SLOW_MS;
    const slow = isWaiting ? slowTrouble(this.name, monotonicMs() - oldestMs) : this.slow;
    return [this.unwritten, this.uncopied, this.damage, slow].filter((trouble) => trouble !== null);
  }

  /**
   * Opens the database. If the disk allows no changes, the next query tries again.
   *
   * @throws DataFolderError for any other reason
   */
  async open(): Promise<void> {
    this.opening = this.tryToOpen();
    try {
      await this.opening;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const { code, message } = error.fault;
      // A database that exists can be opened on a full disk, unless its schema has to be changed first.
      const isFull = writeTroubleOf(this.name, code ?? '').code === 'storage_full';
      this.isMissing = isFull && isEmptyOrMissing(this.path);
      if (!this.isMissing) {
        const what = `the database in ${this.path} cannot be used: ${message}`;
        throw new DataFolderError(what, { cause: error });
      }
      this.failed(error.fault);
    }
  }

  /** @throws DatabaseError */
  read<T>(query: (database: Kysely<Schema>) => Promise<T>): Promise<T> {
    return query(this.kysely);
  }

  /**
   * The same, but returns `instead` if there is no database yet, because the disk was full when it should have been
   * created.
   *
   * @throws DatabaseError
   */
  readOr<T>(instead: T, query: (database: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.read(query).catch((error: unknown) => {
      if (this.isMissing) return instead;
      throw error;
    });
  }

  /**
   * Runs `work` in one transaction. Resolves when its changes are on the disk.
   *
   * @throws AppError `storage_full` or `storage_failed`, in which case nothing has changed; the error of `work`
   */
  async change<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    const result = await this.append(work);
    this.isChanged = true;
    this.copyLater();
    return result;
  }

  /**
   * The same for tables that the copy leaves out (`UNCOPIED_TABLES`): the change causes no new copy.
   *
   * @throws as `change`
   */
  async append<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    try {
      const result = await this.kysely.transaction().execute(work);
      this.written();
      return result;
    } catch (error) {
      // A broken constraint is a defect of `work`, not of the disk.
      const isOfDisk = error instanceof DatabaseError && !isConstraint(error.fault);
      if (!isOfDisk) throw error;
      throw refusedChange(this.failed(error.fault), error);
    }
  }

  /** Resolves when the copy has all changes, or could not be written, and the database is closed. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.probeTimer !== null) clearTimeout(this.probeTimer);
    if (this.copyTimer !== null) clearTimeout(this.copyTimer);
    const { thread } = this;
    if (thread === null) return;
    await this.opening?.catch(() => undefined);
    if (this.isChanged) await this.copy();
    await this.request({ kind: 'close' }).catch(() => undefined);
    await thread.end();
    this.thread = null;
  }

  private async execute(
    sql: string,
    parameters: readonly unknown[],
    isContinued: boolean,
  ): Promise<SqlResult> {
    const values = parameters.map(toSqlValue);
    if (isContinued && this.opening === null) throw lost('the transaction was interrupted');
    this.opening ??= this.tryToOpen();
    await this.opening;
    return (await this.request({ kind: 'execute', sql, values })) as SqlResult;
  }

  /** A failed attempt is repeated by a query, but not sooner than after `RETRY_MS`. */
  private async tryToOpen(): Promise<void> {
    try {
      const { damage, isReadOnly } = (await this.request({
        kind: 'open',
        path: this.path,
      })) as Opening;
      this.isMissing = false;
      this.isReadOnly = isReadOnly;
      if (damage !== null) {
        this.noteDamage(damage);
        this.isChanged = true;
        this.copyLater();
      }
      if (isReadOnly)
        this.failed({ code: 'SQLITE_READONLY', message: '', isOfNewerRelease: false });
    } catch (error) {
      setTimeout(() => (this.opening = null), RETRY_MS).unref();
      throw error;
    }
  }

  private request(request: DatabaseRequest): Promise<Opening | SqlResult | null> {
    if (this.isClosed && this.thread === null) throw lost('the database is closed');
    this.thread ??= startDatabaseThread({
      answered: (answer) => this.answered(answer),
      died: (error) => this.died(error),
    });
    const number = ++this.requests;
    const { thread } = this;
    return new Promise((resolve, reject) => {
      this.pending.set(number, { sinceMs: monotonicMs(), resolve, reject });
      thread.post({ number, content: request });
    });
  }

  private answered({ number, content }: Numbered<DatabaseAnswer>): void {
    const pending = this.pending.get(number);
    this.pending.delete(number);
    if (pending !== undefined) {
      this.slowestMs = Math.max(this.slowestMs, monotonicMs() - pending.sinceMs);
    }
    if ('fault' in content) pending?.reject(new DatabaseError(content.fault));
    else pending?.resolve(content.value);
  }

  /** The next query starts a new thread. */
  private died({ message }: Error): void {
    this.log.write(
      'error',
      { reason: message },
      'the thread of the database ended; it is started again',
    );
    this.thread = null;
    this.opening = null;
    const interrupted = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of interrupted) reject(lost(message));
  }

  private noteDamage({ detail, reason }: NonNullable<Opening['damage']>): void {
    this.damage = { code: 'storage_damaged', detail };
    this.log.write('error', { file: this.path, reason }, detail);
  }

  private written(): void {
    if (this.unwritten !== null) {
      this.unwritten = null;
      this.log.write('log', { file: this.path }, `${this.name} can be written again`);
    }
    this.noteDuration(this.slowestMs);
    this.slowestMs = 0;
  }

  private copyLater(): void {
    if (this.isClosed) return;
    this.copyTimer ??= setTimeout(() => {
      this.copyTimer = null;
      void this.copy();
    }, COPY_AFTER_MS).unref();
  }

  private noteDuration(tookMs: number): void {
    if (tookMs <= SLOW_MS) {
      this.slow = null;
      return;
    }
    if (this.slow === null) {
      this.log.write('warn', { file: this.path, took_ms: Math.round(tookMs) }, 'the disk is slow');
    }
    this.slow = slowTrouble(this.name, tookMs);
  }

  private async copy(): Promise<void> {
    this.isChanged = false;
    const name = `${this.name}.bak`;
    const facts = { file: `${this.path}.bak` };
    try {
      await this.inTurn(() => this.request({ kind: 'copy' }));
      if (this.uncopied !== null) this.log.write('log', facts, `${name} can be written again`);
      this.uncopied = null;
    } catch (error) {
      this.isChanged = true;
      this.copyLater();
      // The same disk refuses changes, which is reported already.
      if (this.unwritten !== null) return;
      const { code, message } = faultOf(error);
      const trouble = writeTroubleOf(name, code ?? message);
      if (this.uncopied === null) this.log.write('error', facts, trouble.detail);
      this.uncopied = trouble;
    }
  }

  /** Not in the middle of a transaction. */
  private inTurn(work: () => Promise<unknown>): Promise<unknown> {
    return this.kysely.connection().execute(work);
  }

  private failed({ code, message }: DatabaseFault): WriteTrouble {
    const trouble = writeTroubleOf(this.name, code ?? message);
    if (this.unwritten === null) this.log.write('error', { file: this.path }, trouble.detail);
    this.unwritten = trouble;
    if (!this.isClosed) {
      this.probeTimer ??= setTimeout(() => {
        this.probeTimer = null;
        void this.probe();
      }, RETRY_MS).unref();
    }
    return trouble;
  }

  /** Writes something, to find out whether changes are possible again. */
  private async probe(): Promise<void> {
    const statement = 'INSERT OR REPLACE INTO space_probe VALUES (1, zeroblob(?))';
    // SQLite never writes to a file that it has opened for reading.
    if (this.isReadOnly) this.opening = null;
    try {
      for (const bytes of [PROBE_BYTES, 0]) {
        await this.kysely.executeQuery(CompiledQuery.raw(statement, [bytes]));
      }
      this.written();
    } catch (error) {
      this.failed(faultOf(error));
    }
  }
}

function isEmptyOrMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

function isConstraint({ code }: DatabaseFault): boolean {
  return code?.startsWith('SQLITE_CONSTRAINT') ?? false;
}

function faultOf(error: unknown): DatabaseFault {
  return error instanceof DatabaseError ? error.fault : lost(String(error)).fault;
}

/** An error that the database did not report itself. */
function lost(message: string): DatabaseError {
  return new DatabaseError({ code: null, message, isOfNewerRelease: false });
}

function slowTrouble(name: string, tookMs: number): StorageTrouble {
  const seconds = Math.round(tookMs / 100) / 10;
  return { code: 'storage_slow', detail: `a write to ${name} took ${seconds} s: the disk is slow` };
}
