import type { EngineComplaint } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { describeOutcome, type Outcome } from './outcomes';
import type { SourcePolicy } from './source-policy';

/** The facts that decide the next step after an attempt, together with its outcome. */
export interface Situation {
  readonly policy: Pick<SourcePolicy, 'isPersistent' | 'replacesSource' | 'sourceErrors'>;
  /** True if viewers receive the stream or wait for it. A stream that a client only holds gives way to them. */
  readonly isWatched: boolean;
  /** True if the attempt was a retry on the engine that had just failed. */
  readonly wasRetryHere: boolean;
  /** Number of failures in a row, including this one. */
  readonly failuresInARow: number;
  /** True if a planned move is already bringing up the next source. */
  readonly isPreparing: boolean;
  /** True if the channel's source in use has had all its attempts. */
  readonly isSourceSpent: boolean;
  /** True if the channel has another source that can be played. */
  readonly hasOtherSources: boolean;
}

/** The next step of a stream after an attempt. */
export type NextStep =
  /** End the stream. If `isReclaimed`, nobody watches it and another request needs its slot; else it was merged. */
  | { readonly step: 'end'; readonly isReclaimed: boolean }
  | { readonly step: 'fail'; readonly error: AppError }
  /** Try the channel's next source. `error` tells why the present one is given up. */
  | {
      readonly step: 'next_source';
      readonly error: AppError;
      readonly prefers: 'same_engine' | 'other_engine';
    }
  /** Retry on the same engine; with the channel's next source if `changesSource`. */
  | { readonly step: 'same_engine'; readonly changesSource: boolean }
  /** Leave the engine; with the channel's next source if `changesSource`. */
  | {
      readonly step: 'other_engine';
      readonly changesSource: boolean;
      /**
       * Whether to exclude the engine for 60 s. While no other engine is left, a `transient` exclusion ends after the
       * backoff, and in a running stream a `permanent` one does too. Null: no exclusion.
       */
      readonly exclusion: 'transient' | 'permanent' | null;
      readonly complaint: EngineComplaint | null;
    };

/** Leave the engine without blame: it was withdrawn, its slot was preempted, or a planned move replaced the source. */
const LEAVE: NextStep = {
  step: 'other_engine',
  changesSource: false,
  exclusion: null,
  complaint: null,
};

/** Decides the next step of a stream from the outcome of its last attempt. */
export function nextStep(outcome: Outcome, situation: Situation): NextStep {
  const { policy } = situation;
  switch (outcome.next) {
    case 'merged':
      return { step: 'end', isReclaimed: false };
    case 'superseded':
    case 'withdrawn':
      return LEAVE;
    case 'preempted':
      // Somebody may have begun to watch since the slot was preempted. A running stream then continues on another engine.
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
