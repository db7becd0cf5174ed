import type { EngineComplaint } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { describeOutcome, type Outcome } from './outcomes';
import type { SourcePolicy } from './source-policy';

/** The facts, beside the outcome itself, that decide what follows an attempt. */
export interface Situation {
  readonly policy: Pick<SourcePolicy, 'isPersistent' | 'replacesSource' | 'sourceErrors'>;
  /** Somebody watches the stream or waits for it. */
  readonly isWatched: boolean;
  /** The attempt asked an engine that had just failed once more. */
  readonly wasRetryHere: boolean;
  /** Failures in a row, this one included. */
  readonly failuresInARow: number;
  /** A planned move is bringing up the next source already. */
  readonly isPreparing: boolean;
  /** The channel's source has had all its attempts. */
  readonly isSourceSpent: boolean;
  /** The channel has other sources that can be played. */
  readonly hasOtherSources: boolean;
}

/** What a stream does after an attempt. */
export type NextStep =
  /** The stream is over: it joined another one, or (`isReclaimed`) its slot was needed and nobody watched. */
  | { readonly step: 'end'; readonly isReclaimed: boolean }
  | { readonly step: 'fail'; readonly error: AppError }
  /** The channel's next source; `error` speaks against the present one. */
  | {
      readonly step: 'next_source';
      readonly error: AppError;
      readonly prefers: 'same_engine' | 'other_engine';
    }
  /** The engine is asked once more, for the channel's next source if `changesSource`. */
  | { readonly step: 'same_engine'; readonly changesSource: boolean }
  | {
      readonly step: 'other_engine';
      readonly changesSource: boolean;
      /** Whether the engine is not to be asked again soon; `transient`: it may be, if no other is left. */
      readonly exclusion: 'transient' | 'permanent' | null;
      readonly complaint: EngineComplaint | null;
    };

/** Nothing failed; whoever withdrew the engine sees to it that it is not chosen again. */
const LEAVE: NextStep = {
  step: 'other_engine',
  changesSource: false,
  exclusion: null,
  complaint: null,
};

/** What follows an attempt. */
export function nextStep(outcome: Outcome, situation: Situation): NextStep {
  const { policy } = situation;
  switch (outcome.next) {
    case 'merged':
      return { step: 'end', isReclaimed: false };
    case 'superseded':
    case 'withdrawn':
      return LEAVE;
    case 'preempted':
      // A stream that somebody has begun to watch since its slot was preempted goes on elsewhere.
      if (!situation.isWatched) return { step: 'end', isReclaimed: true };
      if (policy.isPersistent) return LEAVE;
      return { step: 'fail', error: new AppError('no_capacity', describeOutcome(outcome)) };
    case 'give_up': {
      const { error } = outcome;
      if (!policy.sourceErrors.includes(error.code)) return { step: 'fail', error };
      const prefers = error.code === 'start_timeout' ? 'other_engine' : 'same_engine';
      return { step: 'next_source', error, prefers };
    }
    case 'same_engine':
    case 'other_engine':
      return afterFailure(outcome, situation);
  }
}

function afterFailure(
  outcome: Extract<Outcome, { next: 'same_engine' | 'other_engine' }>,
  { policy, isPreparing, isSourceSpent, hasOtherSources, ...facts }: Situation,
): NextStep {
  const changesSource = policy.replacesSource && !isPreparing && isSourceSpent && hasOtherSources;
  const isTransient = outcome.next === 'same_engine';
  const hasRetried = facts.wasRetryHere && facts.failuresInARow > 1;
  if (isTransient && !isPreparing && (changesSource || !hasRetried)) {
    return { step: 'same_engine', changesSource };
  }
  return {
    step: 'other_engine',
    changesSource,
    exclusion: isTransient ? 'transient' : 'permanent',
    complaint: outcome.next === 'other_engine' ? outcome.complaint : null,
  };
}
