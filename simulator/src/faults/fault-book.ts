import { Fault } from './fault';
import type { FaultKind, Place } from './fault-kinds';

const LIMIT = 1000;

/** The current faults, and their application to requests. */
export class FaultBook {
  private faults: Fault[] = [];

  /** Replaces all faults. @throws Error if one of them is invalid; then nothing is changed. */
  replace(values: readonly unknown[]): void {
    if (values.length > LIMIT) throw new Error(`at most ${LIMIT} faults`);
    this.faults = values.map((value) => Fault.parse(value));
  }

  /** @throws Error if the fault is invalid. */
  add(value: unknown): void {
    if (this.faults.length >= LIMIT) throw new Error(`at most ${LIMIT} faults`);
    this.faults.push(Fault.parse(value));
  }

  clear(): void {
    this.faults = [];
  }

  list(): readonly Fault[] {
    return this.faults;
  }

  /**
   * Counts the request for every fault of its place. Returns the faults that apply to it, in the order in which
   * they were set.
   */
  matchFaults(place: Place, keys: readonly string[]): RequestFaults {
    return new RequestFaults(this.faults.filter((fault) => fault.appliesTo(place, keys)));
  }

  /** A fault of the whole process, in force while it is set. */
  standing(kind: FaultKind): Fault | undefined {
    return this.faults.find((fault) => fault.kind === kind);
  }
}

/** The faults of one request. */
export class RequestFaults {
  constructor(readonly all: readonly Fault[]) {}

  get(kind: FaultKind): Fault | undefined {
    return this.all.find((fault) => fault.kind === kind);
  }

  has(kind: FaultKind): boolean {
    return this.get(kind) !== undefined;
  }
}
