/**
 * After this many consecutive PES packets that each consist of one access unit, only some PES packets are read whole.
 */
const TRUSTED_AFTER = 64;
/** One in this many PES packets is read whole even then, so that an exception is noticed. */
const SAMPLE = 16;
/**
 * All PES packets are read whole again when this many contained no random access point. The number is doubled each
 * time that the next random access point was at the beginning of a PES packet after all.
 */
const LEAST_PATIENCE = 128;
/** Maximum of that doubled number. */
const MOST_PATIENCE = 1024;
/** Additional regular PES packets that are required after an access unit has begun inside a PES packet. */
const DISTRUST = 4096;

/**
 * Decides which PES packets of a video stream are read whole. In nearly all streams each PES packet contains exactly
 * one access unit and begins with it, so reading the beginning is sufficient. Reading every byte would cost more than
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

  /** Call when a random access point was found. */
  foundPoint(): void {
    const wasInVain = this.hasLostPatience && this.trust >= TRUSTED_AFTER;
    if (wasInVain) this.patience = Math.min(MOST_PATIENCE, 2 * this.patience);
    this.pointAt = this.count;
  }

  private get hasLostPatience(): boolean {
    return this.count - this.pointAt > this.patience;
  }
}
