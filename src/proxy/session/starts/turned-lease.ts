import type { EngineLease, EngineView, LeaveWish } from '../../../engines';
import type { StartTurn } from './start-turn';

/** A slot together with the turns to start on it: given back and left together. */
export class TurnedLease implements EngineLease {
  /** Also aborted when a first start has to give its place to another stream. */
  readonly revoked: AbortSignal;
  private readonly turns: Set<StartTurn>;

  constructor(
    private readonly lease: EngineLease,
    turn: StartTurn,
  ) {
    this.turns = new Set([turn]);
    this.revoked = AbortSignal.any([lease.revoked, turn.taken]);
  }

  get engine(): EngineView {
    return this.lease.engine;
  }

  get streamId(): string {
    return this.lease.streamId;
  }

  get unwanted(): LeaveWish {
    return this.lease.unwanted;
  }

  get isWanted(): boolean {
    return this.lease.isWanted;
  }

  get isUnproved(): boolean {
    return this.lease.isUnproved;
  }

  prove(): void {
    this.lease.prove();
  }

  get isVacated(): boolean {
    return this.lease.isVacated;
  }

  vacate(): void {
    this.lease.vacate();
  }

  /** Another start on the same slot; only the newest counts. */
  add(turn: StartTurn): void {
    for (const earlier of this.turns) earlier.leave();
    this.turns.clear();
    this.turns.add(turn);
  }

  /** The engine has answered: what follows burdens it less. */
  answered(): void {
    for (const turn of this.turns) turn.answered();
  }

  /** What was started here feeds the stream: no turn is needed any more. */
  started(): void {
    for (const turn of this.turns) turn.leave();
  }

  /** The engine is busy with a start that was given up until `work` settles. */
  occupyUntil(work: Promise<unknown>): void {
    for (const turn of this.turns) turn.occupyUntil(work);
  }

  release(): void {
    this.lease.release();
    for (const turn of this.turns) turn.leave();
  }
}
