import { settlesWithin } from '../supply/retry-backoff';
import {
  crowdedEngines,
  nextToBegin,
  whoFreesTheLine,
  whoGivesWay,
  whoIsOverdue,
  type StartLimits,
} from './start-order';
import { noCapacity, StartTurn, type StartRequest, type TurnOwner } from './start-turn';

export interface GateLimits extends StartLimits {
  /** A start that has been without media for so long gives way when another one needs its place. */
  readonly patienceMs: number;
}

/** Sessions are limited to far less. */
const MAX_WAITING = 1000;
/** A start that gives way stops its engine session first, which is bounded to 3 s. */
const GIVE_WAY_MS = 3500;

/**
 * Bounds how many starts are under way at once, on each engine and over all, so that a hundred requests for
 * channels that nobody broadcasts neither crash an engine nor keep it from those that play. What crashes an
 * engine is to be asked for much at a time, so a start counts fully until the engine has answered; then it
 * counts against a larger bound until media flow or it is given up. That of a running stream is over with the
 * answer, because its content is known to live.
 */
export class StartGate {
  private readonly waiting = new Set<StartTurn>();
  private readonly active = new Set<StartTurn>();
  private readonly owner: TurnOwner;
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly limits: GateLimits) {
    this.owner = {
      patienceMs: limits.patienceMs,
      outOfLine: (turn) => this.waiting.delete(turn),
      inLineAgain: (turn) => {
        this.active.delete(turn);
        this.waiting.add(turn);
        this.advance();
      },
      changed: () => this.advance(),
      overdue: () => {
        this.advance();
        for (const listener of this.listeners) listener();
      },
      left: (turn) => {
        this.active.delete(turn);
        this.advance();
      },
    };
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Those that had their turn and have no media yet. */
  get activeCount(): number {
    return this.active.size;
  }

  /** A place in line, or at once a turn. @throws AppError `no_capacity` when the line is full */
  enter(request: StartRequest): StartTurn {
    if (this.waiting.size >= MAX_WAITING) throw noCapacity('Too many starts are queued.');
    const turn = new StartTurn(request, this.owner);
    if (request.signal.aborted) return turn;
    this.waiting.add(turn);
    this.advance();
    return turn;
  }

  /** Engines at which a first start would stand in line now. */
  crowded(): ReadonlySet<string> {
    return crowdedEngines(this.waiting, [...this.active], this.limits);
  }

  /**
   * Has one first start give its slot up to a running stream. Resolves when the slot is free.
   *
   * @param barred engines whose slots are of no use
   * @returns false when there is no such start, or it did not go in time
   */
  makeRoom(barred: ReadonlySet<string>): Promise<boolean> {
    return this.clear(whoGivesWay(this.waiting, this.active, barred), 'a running stream');
  }

  /** The same for a first start, which only gets the place of one that is overdue. */
  makeRoomForNewcomer(barred: ReadonlySet<string>): Promise<boolean> {
    return this.clear(whoIsOverdue(this.active, barred), 'another start');
  }

  /** Calls back when there is one more that is overdue. */
  onOverdue(listener: () => void): void {
    this.listeners.push(listener);
  }

  private async clear(turn: StartTurn | null, forWhom: string): Promise<boolean> {
    if (turn === null) return false;
    turn.takeAway(forWhom);
    return settlesWithin(turn.gone, GIVE_WAY_MS);
  }

  private advance(): void {
    for (const turn of nextToBegin(this.waiting, this.active, this.limits)) {
      this.active.add(turn);
      turn.begin();
    }
    for (const turn of whoFreesTheLine(this.waiting, this.active, this.limits)) {
      turn.takeAway('another start');
    }
  }
}
