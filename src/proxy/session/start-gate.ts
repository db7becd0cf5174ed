import { AppError } from '../../kernel/errors';
import { Settleable } from '../../kernel/settleable';
import { settlesWithin } from './retry-backoff';
import { nextToBegin, whoGivesWay, type StartFacts, type StartLimits } from './start-order';

export interface StartRequest extends StartFacts {
  /** How long it may stand in line. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Sessions are limited to far less. */
const MAX_WAITING = 1000;
/** A start that gives way stops its engine session first, which is bounded to 3 s. */
const GIVE_WAY_MS = 3500;

/**
 * One start's place: in line, then under way, then left.
 *
 *   waiting ──its turn──▶ active ──leave──▶ left        waiting ──deadline, abort, leave──▶ left
 *
 * Whoever entered leaves, whatever came of it.
 */
export class StartTurn implements StartFacts {
  readonly engineId: string;
  readonly isRestart: boolean;
  /** Resolves with the turn. Rejects with `no_capacity` at the deadline, or with the reason of an abort. */
  readonly begun: Promise<void>;
  /** What the engine still does for it after it was left. */
  private readonly afterwork = new Set<Promise<unknown>>();
  private readonly settled = new Settleable<undefined>();
  private readonly left = new Settleable<undefined>();
  private readonly taking = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly request: StartRequest,
    private readonly onOutOfLine: (turn: StartTurn) => void,
    private readonly onLeft: (turn: StartTurn) => void,
  ) {
    this.engineId = request.engineId;
    this.isRestart = request.isRestart;
    this.begun = this.settled.promise;
    this.timer = setTimeout(() => {
      const seconds = request.timeoutMs / 1000;
      this.fail(noCapacity(`Other starts kept this one waiting for ${seconds} s.`));
    }, request.timeoutMs);
    request.signal.addEventListener('abort', this.onAbort, { once: true });
    if (request.signal.aborted) this.onAbort();
  }

  /** Aborted when a running stream needs the slot: whoever has the turn stops, leaves the engine and fails. */
  get taken(): AbortSignal {
    return this.taking.signal;
  }

  /** Resolves when it was left: its slot is free then. */
  get gone(): Promise<undefined> {
    return this.left.promise;
  }

  begin(): void {
    this.endWait();
    this.settled.resolve(undefined);
  }

  fail(reason: unknown): void {
    this.endWait();
    this.settled.reject(reason);
  }

  takeAway(): void {
    const error = noCapacity('The place of this start was needed by a running stream.');
    this.taking.abort(error);
    this.fail(error);
  }

  /** The engine is busy with it until `work` settles, also when it was left before. */
  occupyUntil(work: Promise<unknown>): void {
    this.afterwork.add(work);
  }

  /** Idempotent. */
  leave(): void {
    this.fail(noCapacity('The start was given up.'));
    this.left.resolve(undefined);
    void Promise.allSettled(this.afterwork).then(() => this.onLeft(this));
  }

  private readonly onAbort = (): void => this.fail(this.request.signal.reason);

  private endWait(): void {
    this.onOutOfLine(this);
    clearTimeout(this.timer);
    this.request.signal.removeEventListener('abort', this.onAbort);
  }
}

/**
 * Bounds how many starts are under way at once, on each engine and over all, so that a hundred requests for
 * channels that nobody broadcasts neither crash an engine nor keep it from those that play. A start is under
 * way from the request to the engine until media flow or it is given up; that of a running stream only until
 * the engine has answered, because its content is known to live.
 */
export class StartGate {
  private readonly waiting = new Set<StartTurn>();
  private readonly active = new Set<StartTurn>();

  constructor(private readonly limits: StartLimits) {}

  get waitingCount(): number {
    return this.waiting.size;
  }

  get activeCount(): number {
    return this.active.size;
  }

  /** A place in line, or at once a turn. @throws AppError `no_capacity` when the line is full */
  enter(request: StartRequest): StartTurn {
    if (this.waiting.size >= MAX_WAITING) throw noCapacity('Too many starts stand in line.');
    const turn = new StartTurn(
      request,
      (out) => this.waiting.delete(out),
      (left) => {
        this.active.delete(left);
        this.advance();
      },
    );
    if (request.signal.aborted) return turn;
    this.waiting.add(turn);
    this.advance();
    return turn;
  }

  /**
   * Has one start that is no running stream's give its slot up. Resolves when the slot is free.
   *
   * @param barred engines whose slots are of no use
   * @returns false when there is no such start, or it did not go in time
   */
  async makeRoom(barred: ReadonlySet<string>): Promise<boolean> {
    const untaken = (turns: ReadonlySet<StartTurn>): StartTurn[] =>
      [...turns].filter(({ taken }) => !taken.aborted);
    const turn = whoGivesWay(untaken(this.waiting), untaken(this.active), barred);
    if (turn === null) return false;
    turn.takeAway();
    return settlesWithin(turn.gone, GIVE_WAY_MS);
  }

  private advance(): void {
    for (const turn of nextToBegin(this.waiting, this.active, this.limits)) {
      this.active.add(turn);
      turn.begin();
    }
  }
}

function noCapacity(detail: string): AppError {
  return new AppError('no_capacity', detail);
}
