import { NULL_PID } from './packet';
import { parameterPackets } from './parameter-sets';
import { type PsiSnapshot } from './psi-tracker';
import { type PesPlace } from './random-access';

/** About what the objects of a point take in memory, and a Buffer beside its bytes. */
const POINT_BYTES = 400;
const BUFFER_BYTES = 250;

/** Where a viewer or a segment may begin, and what goes before it. Keeps references to tables that many points share. */
export class EntryPoint {
  /**
   * @param parameters of the video stream, when decoding needs more than what follows
   * @param keyframe a video picture; false for points of programmes without video
   * @param isClean every picture from here on can be decoded; false when undecodable ones come first
   */
  constructor(
    private readonly place: PesPlace,
    private readonly parameters: Buffer | null,
    readonly keyframe: boolean,
    readonly isClean: boolean,
  ) {}

  /** A place before which nothing but the tables is needed, or known. */
  static behindTables(position: number, psi: PsiSnapshot): EntryPoint {
    const nothing = { pid: NULL_PID, counter: 0, pts: -1, dts: -1 };
    return new EntryPoint({ position, psi, ...nothing }, null, false, false);
  }

  /** A packet that starts a frame of the sound with this PID. */
  static atSound(pid: number, position: number, psi: PsiSnapshot): EntryPoint {
    return new EntryPoint({ position, psi, pid, counter: 0, pts: -1, dts: -1 }, null, false, true);
  }

  /** Of the stream to which the PES packet belongs; that of null packets where none begins. */
  get pid(): number {
    return this.place.pid;
  }

  /** Stream position (bytes) of the packet that starts the PES packet. */
  get position(): number {
    return this.place.position;
  }

  /** What a viewer gets first: the last complete PAT and PMT before the point, then the parameters. A new Buffer. */
  get preface(): Buffer {
    return Buffer.concat([this.tables, ...this.parameterPackets()]);
  }

  /** The tables alone, with counters from which their PIDs go on. A new Buffer. */
  get tables(): Buffer {
    return this.place.psi.preface();
  }

  /** Packets that bring the parameters; none when the stream brings them itself. */
  parameterPackets(): readonly Buffer[] {
    return this.parameters === null ? [] : [parameterPackets(this.parameters, this.place)];
  }

  /** Call before this is kept for long. */
  keep(): void {
    this.place.psi.keep();
  }

  /** Memory that this point holds and its neighbour in the same list does not. */
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
