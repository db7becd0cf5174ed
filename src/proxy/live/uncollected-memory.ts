import type { MemoryBounds } from './memory-shares';

const MIB = 1024 * 1024;
/** In addition to PROXY_BUFFER_TOTAL, uncollected media may take this share of it plus ALLOWED_BYTES. */
const ALLOWED_SHARE = 0.125;
const ALLOWED_BYTES = 4 * MIB;
/** Streams lose at most this share of PROXY_BUFFER_TOTAL, however late V8 collects. */
const LARGEST_SHARE = 0.25;
/** The greatest amount measured is multiplied by this factor every second. */
const DECAY_PER_SECOND = 0.98;

/**
 * Measures the memory of dropped media that V8 has not collected yet. V8 collects rarely, because each collection costs
 * time. If uncollected media exceed the allowance, the streams get less memory, so that the process stays within its
 * limit.
 */
export class UncollectedMemory {
  private greatest = 0;
  private measuredMs: number | null = null;

  constructor(private readonly bounds: Pick<MemoryBounds, 'totalBytes'>) {}

  /**
   * @param bufferBytes memory of all buffers of the process
   * @param heldBytes the part of `bufferBytes` that is in use
   * @returns the number of bytes by which the memory of the streams must be reduced
   */
  measure(bufferBytes: number, heldBytes: number, nowMs: number): number {
    const passedMs = this.measuredMs === null ? 0 : Math.max(0, nowMs - this.measuredMs);
    this.measuredMs = nowMs;
    this.greatest *= DECAY_PER_SECOND ** (passedMs / 1000);
    this.greatest = Math.max(this.greatest, bufferBytes - heldBytes);
    const { totalBytes } = this.bounds;
    const excess = this.greatest - (totalBytes * ALLOWED_SHARE + ALLOWED_BYTES);
    return Math.min(Math.max(0, excess), totalBytes * LARGEST_SHARE);
  }
}
