import { setImmediate as nextTurn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { CacheableContent } from '../http';
import { Deferred } from '../kernel/deferred';

/** Bytes that are produced once. Each reader gets them from their beginning, also while they are being produced. */
export class SharedBody {
  private readonly parts: Buffer[] = [];
  private hasEnded = false;
  /** Settles when there is another part, or the end. */
  private more = new Deferred<void>();

  constructor(source: AsyncIterable<Buffer>) {
    void this.produce(source);
  }

  /** Resolves when the first bytes are there. The size is known for a body that is complete by then. */
  async content(): Promise<CacheableContent> {
    if (this.parts.length === 0 && !this.hasEnded) await this.more.promise;
    // The end of a short body follows its only part at once.
    if (!this.hasEnded) await nextTurn();
    const size = this.parts.reduce((sum, { length }) => sum + length, 0);
    return { size: this.hasEnded ? size : null, stream: () => Readable.from(this.read()) };
  }

  async *read(): AsyncGenerator<Buffer, void> {
    for (let next = 0; ;) {
      const part = this.parts[next];
      if (part !== undefined) {
        next += 1;
        yield part;
      } else if (this.hasEnded) return;
      else await this.more.promise;
    }
  }

  private async produce(source: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const part of source) {
        this.parts.push(part);
        this.announce();
      }
      this.hasEnded = true;
      this.announce();
    } catch (error) {
      // Readers fail now and later.
      this.more.reject(error);
    }
  }

  private announce(): void {
    const { more } = this;
    this.more = new Deferred();
    more.resolve();
  }
}
