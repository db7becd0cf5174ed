import {
  payloadOffset,
  payloadUnitStart,
  randomAccessIndicator,
  scrambled,
  TS_PACKET,
} from './packet';
import { isPesScrambled, isPesStart } from './pes';
import { type ProgrammeStream } from './programme';
import { type PsiSnapshot } from './psi-tracker';
import { RandomAccessDetector } from './random-access';

/** Looks for random access points in the packets of one stream. */
export class PointSearch {
  /** A PES packet is being read that may be proved a random access point. */
  isOpen = false;
  /** Where that PES packet began, and the tables before it. */
  position = 0;
  psi: PsiSnapshot | null = null;
  private readonly detector: RandomAccessDetector | null;

  constructor(private readonly stream: ProgrammeStream) {
    const { codec } = stream;
    this.detector =
      codec === 'h264' || codec === 'hevc' || codec === 'mpeg2-video'
        ? new RandomAccessDetector(codec)
        : null;
  }

  /** A packet of the stream was lost. */
  gap(): void {
    this.detector?.gap();
  }

  /**
   * Takes the packet at `buf[at]`, `psi` are the tables before it. True when it proves that the PES packet at
   * `position` is a random access point.
   */
  take(buf: Buffer, at: number, position: number, psi: PsiSnapshot | null): boolean {
    const from = payloadOffset(buf, at);
    const end = at + TS_PACKET;
    if (payloadUnitStart(buf, at)) {
      const encrypted = scrambled(buf, at);
      this.isOpen = psi !== null && (encrypted || isPesStart(buf, from, end));
      this.position = position;
      this.psi = psi;
      if (!this.isOpen) return false;
      if (this.detector === null || encrypted || isPesScrambled(buf, from, end)) {
        this.isOpen = false;
        return this.stream.kind === 'audio' || randomAccessIndicator(buf, at);
      }
      this.detector.begin();
    }
    if (!this.isOpen || this.detector === null) return false;
    const verdict = this.detector.feed(buf, from, end);
    if (verdict === 'pending') return false;
    this.isOpen = false;
    return verdict === 'point';
  }
}
