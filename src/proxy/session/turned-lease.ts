import type { EngineLease, EngineView } from '../../engines';
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

  /** Another start on the same slot; only the newest counts. */
  add(turn: StartTurn): void {
    for (const earlier of this.turns) earlier.leave();
    this.turns.clear();
    this.turns.add(turn);
  }

  release(): void {
    this.lease.release();
    for (const turn of this.turns) turn.leave();
  }
}
