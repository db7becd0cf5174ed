/** Once so many PES packets in a row held one access unit each, at their beginning, … */
const TRUSTED_AFTER = 64;
/** … one in so many is read whole, until one is not like that … */
const SAMPLE = 16;
/** … or this many have shown no random access point. Twice as many from then on when it came at a beginning all the same. */
const LEAST_PATIENCE = 128;
const MOST_PATIENCE = 1024;
/** PES packets that have to be like that after one that was not, beyond the usual. */
const DISTRUST = 4096;

/**
 * Decides which PES packets of a video stream are read whole. Nearly all streams begin an access unit with each PES packet and
 * hold no other in it, so that its beginning says all; to search every byte of those would cost more than all else.
 */
export class PesSampling {
  /** The present PES packet is read whole. */
  isWhole = true;
  private count = 0;
  private pointAt = 0;
  private trust = 0;
  private patience = LEAST_PATIENCE;

  /** A PES packet begins. */
  begin(): void {
    if (this.isWhole) this.trust++;
    this.count++;
    this.isWhole = this.trust < TRUSTED_AFTER || this.count % SAMPLE === 0 || this.hasLostPatience;
  }

  /** An access unit begins elsewhere than a PES packet. */
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
