/** After this many consecutive PES packets with exactly one access unit, at the beginning … */
const TRUSTED_AFTER = 64;
/** … one in this many is read whole, until one is different … */
const SAMPLE = 16;
/**
 * … or this many contained no random access point. Doubled each time the next point was at the beginning of a PES
 * packet after all.
 */
const LEAST_PATIENCE = 128;
const MOST_PATIENCE = 1024;
/** Additional regular PES packets that are required after an irregular one. */
const DISTRUST = 4096;

/**
 * Decides which PES packets of a video stream are read whole. In nearly all streams each PES packet contains exactly
 * one access unit from its beginning, so that the beginning is sufficient. Searching every byte would cost more than
 * all other work.
 */
export class PesSampling {
  /** True if the current PES packet is read whole. */
  isWhole = true;
  private count = 0;
  private pointAt = 0;
  private trust = 0;
  private patience = LEAST_PATIENCE;

  /** Call when a PES packet begins. */
  begin(): void {
    if (this.isWhole) this.trust++;
    this.count++;
    this.isWhole = this.trust < TRUSTED_AFTER || this.count % SAMPLE === 0 || this.hasLostPatience;
  }

  /** Call when an access unit begins inside a PES packet. */
  foundInside(): void {
    this.trust = -DISTRUST;
    this.patience = LEAST_PATIENCE;
  }

  foundPoint(): void {
    const wasInVain = this.hasLostPatience && this.trust >= TRUSTED_AFTER;
    if (wasInVain) this.patience = Math.min(MOST_PATIENCE, 2 * this.patience);
    this.pointAt = this.count;
  }

  private get hasLostPatience(): boolean {
    return this.count - this.pointAt > this.patience;
  }
}
