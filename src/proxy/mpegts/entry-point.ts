import { NULL_PID } from './packet';
import { parameterPackets } from './parameter-sets';
import { type PsiSnapshot } from './psi-tracker';
import { type PesPlace } from './random-access';

/** Approximate heap memory of a point's objects. */
const POINT_BYTES = 400;
/** Approximate heap memory of a Buffer without its bytes. */
const BUFFER_BYTES = 250;

/**
 * A position at which a viewer or a segment may begin, with the packets sent before it. Many points share their tables
 * by reference.
 */
export class EntryPoint {
  /**
   * @param parameters parameter sets of the video stream, if those that follow the point are not sufficient
   * @param keyframe true if a decodable video picture begins here; false for streams without video and plain join
   *   points
   * @param isClean true if every picture from here on can be decoded; false if undecodable ones may come first
   */
  constructor(
    private readonly place: PesPlace,
    private readonly parameters: Buffer | null,
    readonly keyframe: boolean,
    readonly isClean: boolean,
  ) {}

  /** A point right after the tables, at which no PES packet is known to begin. */
  static afterTables(position: number, psi: PsiSnapshot): EntryPoint {
    const nothing = { pid: NULL_PID, counter: 0, pts: -1, dts: -1 };
    return new EntryPoint({ position, psi, ...nothing }, null, false, false);
  }

  /** A point at a packet that begins a PES packet of this audio PID. */
  static atAudio(pid: number, position: number, psi: PsiSnapshot): EntryPoint {
    return new EntryPoint({ position, psi, pid, counter: 0, pts: -1, dts: -1 }, null, false, true);
  }

  /** PID of the stream to which the PES packet belongs; NULL_PID if no PES packet begins here. */
  get pid(): number {
    return this.place.pid;
  }

  /** Stream position (bytes) of the packet that starts the PES packet. */
  get position(): number {
    return this.place.position;
  }

  /**
   * Packets sent to a viewer first: the last complete PAT and PMT before the point, then the parameter sets. A new
   * Buffer.
   */
  get preface(): Buffer {
    return Buffer.concat([this.tables, ...this.parameterPackets()]);
  }

  /** The tables alone in a new Buffer, with continuity counters that the table packets after the point continue. */
  get tables(): Buffer {
    return this.place.psi.preface();
  }

  /** Packets with the parameter sets; none if the stream contains them itself. */
  parameterPackets(): readonly Buffer[] {
    return this.parameters === null ? [] : [parameterPackets(this.parameters, this.place)];
  }

  /** Copies pooled bytes; call before the point is kept for long. */
  keep(): void {
    this.place.psi.keep();
  }

  /** Bytes of memory that this point holds and its neighbour in the list does not. */
  bytesBeside(neighbour: EntryPoint | null): number {
    const { parameters, place } = this;
    const ownParameters = parameters === neighbour?.parameters ? null : parameters;
    return (
      POINT_BYTES +
      (ownParameters === null ? 0 : ownParameters.length + BUFFER_BYTES) +
      place.psi.bytesBeside(neighbour?.place.psi ?? null)
    );
  }
}
