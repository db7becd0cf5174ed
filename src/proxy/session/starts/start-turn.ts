import { AppError } from '../../../kernel/errors';
import { Settleable } from '../../../kernel/settleable';
import type { BegunStart, StartFacts } from './start-order';

export interface StartRequest extends StartFacts {
  /** How long it may stand in line. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface TurnOwner {
  /** How long a start may be without media before others may have its place. */
  readonly patienceMs: number;
  /** It has been given its turn, or gives up waiting for it. */
  outOfLine(turn: StartTurn): void;
  /** It wants another turn, behind those who wait. */
  inLineAgain(turn: StartTurn): void;
  /** What others may do beside it has changed. */
  changed(): void;
  /** From now on it has to give way. */
  overdue(): void;
  left(turn: StartTurn): void;
}

/**
 * One start's place.
 *
 *   waiting ──its turn──▶ asking ──the engine answers──▶ answered ──media, or given up──▶ left
 *      ▲                                                     │
 *      └──────────────────the engine is asked again──────────┘
 *
 * A wait ends with a deadline or an abort, too. Whoever entered leaves, whatever came of it.
 */
export class StartTurn implements BegunStart {
  readonly engineId: string;
  readonly isRestart: boolean;
  isAnswered = false;
  isOverdue = false;
  private isLeft = false;
  /** What the engine still does for it after it was left. */
  private readonly afterwork = new Set<Promise<unknown>>();
  private readonly left = new Settleable<undefined>();
  private readonly taking = new AbortController();
  private wait = new Settleable<undefined>();
  private waitTimer: NodeJS.Timeout | null = null;
  private patienceTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly request: StartRequest,
    private readonly owner: TurnOwner,
  ) {
    this.engineId = request.engineId;
    this.isRestart = request.isRestart;
    this.beginWait(request.timeoutMs);
  }

  /** Resolves with the turn. Rejects with `no_capacity` at the deadline, or with the reason of an abort. */
  get begun(): Promise<void> {
    return this.wait.promise;
  }

  /** Aborted when another stream needs the slot: whoever has the turn stops, leaves the engine and fails. */
  get taken(): AbortSignal {
    return this.taking.signal;
  }

  /** It is about to go, or was left: there is nothing that it could give to others. */
  get isTaken(): boolean {
    return this.isLeft || this.taking.signal.aborted;
  }

  /** Resolves when it was left: its slot is free then. */
  get gone(): Promise<undefined> {
    return this.left.promise;
  }

  begin(): void {
    this.endWait();
    this.wait.resolve(undefined);
    this.patienceTimer ??= setTimeout(() => {
      this.isOverdue = true;
      this.owner.overdue();
    }, this.owner.patienceMs);
  }

  /** From here on it only waits for media. */
  answered(): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.owner.changed();
  }

  /** The engine is to be asked once more: resolves and rejects as `begun` does. */
  again(timeoutMs: number): Promise<void> {
    this.isAnswered = false;
    this.wait = new Settleable<undefined>();
    const { signal } = this.request;
    const wasTaken = this.taken.aborted;
    if (wasTaken) this.wait.reject(this.taken.reason);
    else this.beginWait(timeoutMs);
    if (!wasTaken && !signal.aborted) this.owner.inLineAgain(this);
    return this.begun;
  }

  /** @param forWhom completes a sentence for the viewer whose start it was */
  takeAway(forWhom: string): void {
    const error = noCapacity(`The slot of this start was needed by ${forWhom}.`);
    this.taking.abort(error);
    this.fail(error);
  }

  /** The engine is busy with it until `work` settles, also when it was left before. */
  occupyUntil(work: Promise<unknown>): void {
    this.afterwork.add(work);
  }

  /** Idempotent. */
  leave(): void {
    this.isLeft = true;
    this.fail(noCapacity('The start was given up.'));
    if (this.patienceTimer !== null) clearTimeout(this.patienceTimer);
    this.left.resolve(undefined);
    void Promise.allSettled(this.afterwork).then(() => this.owner.left(this));
  }

  private readonly onAbort = (): void => this.fail(this.request.signal.reason);

  private beginWait(timeoutMs: number): void {
    const { signal } = this.request;
    this.waitTimer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      this.fail(noCapacity(`Other starts kept this one waiting for ${seconds} s.`));
    }, timeoutMs);
    signal.addEventListener('abort', this.onAbort, { once: true });
    if (signal.aborted) this.onAbort();
  }

  private fail(reason: unknown): void {
    this.endWait();
    this.wait.reject(reason);
  }

  private endWait(): void {
    this.owner.outOfLine(this);
    if (this.waitTimer !== null) clearTimeout(this.waitTimer);
    this.request.signal.removeEventListener('abort', this.onAbort);
  }
}

export function noCapacity(detail: string): AppError {
  return new AppError('no_capacity', detail);
}
