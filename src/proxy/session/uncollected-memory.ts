const MIB = 1024 * 1024;
/** Of PROXY_BUFFER_TOTAL, and beside it, so much may wait for collection before streams have to keep less. */
const ALLOWED_SHARE = 0.25;
const ALLOWED_BYTES = 8 * MIB;
/** However late collections are, no more than this share is taken from the streams. */
const LARGEST_SHARE = 0.25;
/** What the greatest amount of late loses per second. */
const FORGETTING = 0.98;

/**
 * Memory of dropped media is given back with V8's next collection, and those come late on a busy machine. What waits for one
 * beyond the usual counts towards PROXY_BUFFER_TOTAL, so that the process keeps to its bound.
 */
export class UncollectedMemory {
  private greatest = 0;
  private lookedMs: number | null = null;

  constructor(private readonly totalBytes: number) {}

  /**
   * @param bufferBytes memory of all buffers of the process
   * @param heldBytes what of it the streams hold
   * @returns bytes that the streams may not use
   */
  look(bufferBytes: number, heldBytes: number, nowMs: number): number {
    const passedMs = this.lookedMs === null ? 0 : Math.max(0, nowMs - this.lookedMs);
    this.lookedMs = nowMs;
    this.greatest *= FORGETTING ** (passedMs / 1000);
    this.greatest = Math.max(this.greatest, bufferBytes - heldBytes);
    const { totalBytes } = this;
    const excess = this.greatest - (totalBytes * ALLOWED_SHARE + ALLOWED_BYTES);
    return Math.min(Math.max(0, excess), totalBytes * LARGEST_SHARE);
  }
}
