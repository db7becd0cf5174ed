const MIB = 1024 * 1024;
const MAX_FREE_BYTES = 16 * MIB;
const RELEASE_INTERVAL_MS = 2000;

/**
 * Memory of dropped ring chunks that waits to be used again. New memory costs more than it seems: V8 collects garbage
 * according to the amount that was allocated, and the kernel clears each page when it is first touched.
 *
 * Little memory waits here, because a full ring takes a new chunk as soon as it has dropped one. Memory that was not
 * needed for two seconds is released, for example after streams have ended.
 */
export class ChunkPool {
  /** Free chunks by size. */
  private readonly free = new Map<number, Buffer[]>();
  private bytes = 0;
  /** The smallest number of free bytes since the last release. */
  private idleBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly maxFreeBytes = MAX_FREE_BYTES) {}

  get freeBytes(): number {
    return this.bytes;
  }

  /** A chunk of exactly this size, with arbitrary content. */
  take(bytes: number): Buffer {
    const chunk = this.free.get(bytes)?.pop();
    if (chunk === undefined) return Buffer.allocUnsafeSlow(bytes);
    this.bytes -= bytes;
    this.idleBytes = Math.min(this.idleBytes, this.bytes);
    return chunk;
  }

  /** Takes back a chunk that nobody will read any more. */
  give(chunk: Buffer): void {
    if (this.bytes + chunk.length > this.maxFreeBytes) return;
    const sameSize = this.free.get(chunk.length);
    if (sameSize === undefined) this.free.set(chunk.length, [chunk]);
    else sameSize.push(chunk);
    this.bytes += chunk.length;
    this.timer ??= setTimeout(this.release, RELEASE_INTERVAL_MS).unref();
  }

  private readonly release = (): void => {
    for (const [size, chunks] of this.free) {
      while (this.idleBytes > 0 && chunks.pop() !== undefined) {
        this.bytes -= size;
        this.idleBytes -= size;
      }
      if (chunks.length === 0) this.free.delete(size);
    }
    this.idleBytes = this.bytes;
    this.timer = this.bytes > 0 ? setTimeout(this.release, RELEASE_INTERVAL_MS).unref() : null;
  };
}

/** The pool of all rings of the process. */
export const SHARED_CHUNKS = new ChunkPool();
