import { Logger } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { AppError } from '../kernel/errors';
import { type Database, RETRY_MS } from './database/database';
import type { Schema } from './database/schema';

type Work = (transaction: Transaction<Schema>) => Promise<unknown>;

type Done = () => void | Promise<void>;

interface Write {
  readonly work: Work;
  /** Called when the change is on the disk, also if it replaced another one that waited with its own call. */
  readonly dones: Set<Done>;
}

/**
 * Changes that nobody waits for. They are written soon, in the order in which their keys were first put, several in one
 * transaction. If the disk refuses them, they are repeated until they succeed; a newer change of the same key replaces
 * one that is not written yet.
 */
export class WriteBehind {
  private readonly waiting = new Map<string, Write>();
  private running: Promise<void> | null = null;
  private retry: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(
    private readonly database: Database,
    private readonly logger: Pick<Logger, 'error'> = new Logger('Storage'),
    /** `append`: the changes are not worth a new copy of the database. */
    private readonly method: 'change' | 'append' = 'change',
  ) {}

  /** @param done called when the change is on the disk */
  put(key: string, work: Work, done?: Done): void {
    const dones = new Set(this.waiting.get(key)?.dones);
    if (done !== undefined) dones.add(done);
    this.waiting.set(key, { work, dones });
    if (this.retry === null) this.start();
  }

  /** Number of changes that are not on the disk. */
  get size(): number {
    return this.waiting.size;
  }

  /** Gives up a change that is not written yet. One that is being written stays. */
  forget(key: string): void {
    this.waiting.delete(key);
  }

  /** Resolves when all changes are written, or were refused. */
  async settled(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  /** Tries once more to write what is left, and ends. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    if (this.waiting.size > 0) this.start();
    await this.settled();
  }

  private start(): void {
    this.running ??= this.writeAll();
  }

  private async writeAll(): Promise<void> {
    // Changes of the same turn of the event loop share a transaction.
    await Promise.resolve();
    let batchSize = Infinity;
    while (this.waiting.size > 0) {
      const batch = [...this.waiting].slice(0, batchSize);
      try {
        await this.database[this.method](async (transaction) => {
          for (const [, { work }] of batch) await work(transaction);
        });
        for (const [key, write] of batch) await this.written(key, write);
      } catch (error) {
        if (error instanceof AppError) {
          this.repeatLater();
          break;
        }
        // One transaction each, so that the broken change does not take the others with it.
        batchSize = 1;
        if (batch.length === 1) this.drop(batch, error);
      }
    }
    // In the same turn as the check above: a later change must start the next round.
    this.running = null;
  }

  private async written(key: string, write: Write): Promise<void> {
    const latest = this.waiting.get(key);
    if (latest === write) this.waiting.delete(key);
    for (const done of write.dones) {
      latest?.dones.delete(done);
      await done();
    }
  }

  private drop(batch: readonly [string, Write][], error: unknown): void {
    this.logger.error({ err: error }, 'a change cannot be written; it is dropped');
    for (const [key, write] of batch) {
      if (this.waiting.get(key) === write) this.waiting.delete(key);
    }
  }

  private repeatLater(): void {
    if (this.isClosed) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.start();
    }, RETRY_MS).unref();
  }
}
