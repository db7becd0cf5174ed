/** Once so many PES packets in a row held one access unit each, at their beginning, … */
const TRUSTED_AFTER = 64;
/** … one in so many is read whole, until one is not like that … */
const SAMPLE = 16;
/** … or this many have shown no random access point. */
const PATIENCE = 128;
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

  /** A PES packet begins. */
  begin(): void {
    if (this.isWhole) this.trust++;
    this.count++;
    this.isWhole =
      this.trust < TRUSTED_AFTER ||
      this.count % SAMPLE === 0 ||
      this.count - this.pointAt > PATIENCE;
  }

  /** An access unit begins elsewhere than a PES packet. */
  foundInside(): void {
    this.trust = -DISTRUST;
  }

  foundPoint(): void {
    this.pointAt = this.count;
  }
}
