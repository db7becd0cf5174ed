import { EntryPoint } from './entry-point';
import {
  continuityCounter,
  payloadOffset,
  payloadUnitStart,
  pid as pidOf,
  randomAccessIndicator,
  scrambled,
  TS_PACKET,
} from './packet';
import { isPesScrambled, isPesStart, pesDecodingTime, pesPresentationTime } from './pes';
import { type ProgrammeStream } from './programme';
import { type PsiSnapshot } from './psi-tracker';
import { type PesPlace, RandomAccessDetector } from './random-access';

/** Finds the positions in one stream at which viewers or segments may begin. */
export class PointSearch {
  /** True while further packets of the current PES packet may prove a random access point. */
  isOpen = false;
  private place: PesPlace | null = null;
  private readonly detector: RandomAccessDetector | null;

  constructor(private readonly stream: ProgrammeStream) {
    const { codec } = stream;
    this.detector =
      codec === 'h264' || codec === 'hevc' || codec === 'mpeg2-video'
        ? new RandomAccessDetector(codec)
        : null;
  }

  /** Call when a packet of the stream was lost. */
  gap(): void {
    this.detector?.gap();
  }

  /**
   * Takes the packet at `buf[at]`; `psi` are the tables before it. Returns the random access point that this packet
   * proves, or null. The point may lie in an earlier PES packet.
   */
  take(buf: Buffer, at: number, position: number, psi: PsiSnapshot | null): EntryPoint | null {
    const from = payloadOffset(buf, at);
    const end = at + TS_PACKET;
    const { detector } = this;
    if (payloadUnitStart(buf, at)) {
      const isScrambled = scrambled(buf, at);
      this.isOpen = false;
      this.place = null;
      if (psi === null || !(isScrambled || isPesStart(buf, from, end))) {
        detector?.gap();
        return null;
      }
      const place = placeOf(buf, at, position, psi);
      this.place = place;
      if (detector === null || isScrambled || isPesScrambled(buf, from, end)) {
        detector?.gap();
        const isPoint = this.stream.kind === 'audio' || randomAccessIndicator(buf, at);
        return isPoint ? new EntryPoint(place, null, this.isVideo, true) : null;
      }
      this.isOpen = true;
      detector.begin(place);
    }
    if (!this.isOpen || detector === null) return null;
    const isProved = detector.feed(buf, from, end);
    this.isOpen = detector.wantsMore;
    if (!isProved || detector.point === null) return null;
    return new EntryPoint(detector.point, detector.parameters, this.isVideo, detector.isFirstInPes);
  }

  /**
   * Passes over the packet at `buf[at]`, which continues a PES packet and contains no start code. Returns false if
   * the packet must be passed to `take` instead.
   */
  skip(buf: Buffer, at: number): boolean {
    const isCut = buf[at + TS_PACKET - 1] === 0;
    return !isCut && this.detector?.skip(at + TS_PACKET - payloadOffset(buf, at)) === true;
  }

  /** The current PES packet as a plain join point; null if there is none. */
  plainPoint(): EntryPoint | null {
    if (this.place === null) return null;
    return new EntryPoint(this.place, this.detector?.knownParameters ?? null, false, false);
  }

  private get isVideo(): boolean {
    return this.stream.kind === 'video';
  }
}

function placeOf(buf: Buffer, at: number, position: number, psi: PsiSnapshot): PesPlace {
  const from = payloadOffset(buf, at);
  const end = at + TS_PACKET;
  const isReadable = !scrambled(buf, at);
  return {
    position,
    psi,
    pid: pidOf(buf, at),
    counter: continuityCounter(buf, at),
    pts: isReadable ? pesPresentationTime(buf, from, end) : -1,
    dts: isReadable ? pesDecodingTime(buf, from, end) : -1,
  };
}
