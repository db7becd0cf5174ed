import type { AppError } from '../../../kernel/errors';
import type { StartBudget } from './start-budget';
import { giveUp, type Outcome } from './start-outcome';

/** Another engine has this long to do better; the first one has had four seconds of media. */
const OTHER_ENGINE_MS = 9000;

/**
 * What the media of one engine say against a content that is being started. Viewers are told after one other engine was
 * tried, whatever came of that: engines have their media from the same swarm.
 */
export class ContentDoubt {
  private doubt: AppError | null = null;

  constructor(
    private readonly budget: Pick<StartBudget, 'hurry'>,
    private readonly isRunning: () => boolean,
  ) {}

  /** What viewers are to be told if no other engine can be tried; null when nothing speaks against the content. */
  get error(): AppError | null {
    return this.isRunning() ? null : this.doubt;
  }

  /** How the try goes on that ended with `outcome`. */
  weigh(outcome: Outcome): Outcome {
    const { error } = this;
    if (error !== null) return settles(outcome) ? giveUp(outcome.reason, error) : outcome;
    if (outcome.next === 'other_engine' && outcome.doubt !== undefined && !this.isRunning()) {
      this.doubt = outcome.doubt;
      this.budget.hurry(OTHER_ENGINE_MS);
    }
    return outcome;
  }

  /** Another content is asked for. */
  clear(): void {
    this.doubt = null;
  }
}

/** The try came to an end of its own. */
function settles({ next }: Outcome): boolean {
  return next === 'same_engine' || next === 'other_engine' || next === 'give_up';
}
