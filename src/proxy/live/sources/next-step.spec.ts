import { AppError } from '../../../kernel/errors';
import { nextStep, type Situation } from './next-step';
import { giveUp, outcomeOfEnd, startTimeout, type Outcome } from './outcomes';
import { FailoverPolicy } from './source-policy';
import { StartPolicy } from './start-policy';

const START = new StartPolicy({ proxyInitTimeoutMs: 1 });
const FAILOVER = new FailoverPolicy({ proxyStallTimeoutMs: 1, proxySameEngineTimeoutMs: 1 });

/** A running stream whose source fails for the first time. */
const RUNNING: Situation = {
  policy: FAILOVER,
  isWatched: true,
  wasRetryHere: false,
  failuresInARow: 1,
  isPreparing: false,
  isSourceSpent: false,
  hasOtherSources: false,
};
const CHANNEL = { ...RUNNING, isSourceSpent: true, hasOtherSources: true };
const STARTING = { ...RUNNING, policy: START };

const NONE = Buffer.alloc(0);
const END = outcomeOfEnd('end', true, NONE);
const SILENCE = outcomeOfEnd('silence', true, NONE);
const PREEMPTED: Outcome = { next: 'preempted', code: 'preempted', detail: 'needed elsewhere' };
const WITHDRAWN: Outcome = { next: 'withdrawn', code: 'engine_withdrawn', detail: null };
const UNKNOWN = giveUp('content_unknown', new AppError('content_not_found', 'unknown'));
const BROKEN = giveUp('internal_error', new AppError('internal_error', 'broken'));
const NO_ENGINE = giveUp('engine_failed', new AppError('engine_failed', 'none delivers'));

const SAME = { step: 'same_engine', changesSource: false };
const OTHER = { step: 'other_engine', changesSource: false, exclusion: 'transient' };
const LEFT = { step: 'other_engine', exclusion: null, complaint: null };

describe('nextStep', () => {
  it.each<[string, Outcome, Partial<Situation>, object]>([
    ['retries the same engine after an end', END, {}, SAME],
    [
      'goes to another engine after an end of the retry',
      END,
      { wasRetryHere: true, failuresInARow: 2 },
      { ...OTHER, complaint: null },
    ],
    [
      'retries the same engine after an end of a retry that delivered media',
      END,
      { wasRetryHere: true },
      SAME,
    ],
    ['goes to the engine that a move prepares after an end', END, { isPreparing: true }, OTHER],
    [
      'goes to another engine with a complaint after silence',
      SILENCE,
      {},
      { exclusion: 'permanent', complaint: 'silence' },
    ],
    [
      'takes the next source on the same engine after an end of a spent source',
      END,
      CHANNEL,
      { ...SAME, changesSource: true },
    ],
    [
      'takes the next source on another engine after silence of a spent source',
      SILENCE,
      CHANNEL,
      { step: 'other_engine', changesSource: true },
    ],
    [
      'keeps a spent source while a move prepares an engine',
      SILENCE,
      { ...CHANNEL, isPreparing: true },
      { changesSource: false },
    ],
    [
      'keeps a spent source at a start',
      SILENCE,
      { ...CHANNEL, policy: START },
      { changesSource: false },
    ],
    ['goes to another engine when the engine was withdrawn', WITHDRAWN, {}, LEFT],
    ['goes to the engine of a planned move', outcomeOfEnd('superseded', true, NONE), {}, LEFT],
    ['goes to another engine when a watched stream is preempted', PREEMPTED, {}, LEFT],
    ['fails a watched start that is preempted', PREEMPTED, STARTING, { step: 'fail' }],
    [
      'ends a preempted stream without viewers',
      PREEMPTED,
      { isWatched: false },
      { step: 'end', isReclaimed: true },
    ],
    [
      'ends a stream whose content another stream plays',
      { next: 'merged', code: 'joined_other_stream', detail: null },
      {},
      { step: 'end', isReclaimed: false },
    ],
    [
      'takes the next source on the same engine when the content is unknown',
      UNKNOWN,
      STARTING,
      { step: 'next_source', prefers: 'same_engine' },
    ],
    [
      'takes the next source on another engine after a start timeout',
      startTimeout('silence'),
      STARTING,
      { step: 'next_source', prefers: 'other_engine' },
    ],
    [
      'takes the next source when no engine delivers at a start',
      NO_ENGINE,
      STARTING,
      { step: 'next_source' },
    ],
    ['fails a running stream when no engine delivers', NO_ENGINE, {}, { step: 'fail' }],
    ['fails after an internal error', BROKEN, CHANNEL, { step: 'fail' }],
  ])('%s', (_, outcome, facts, step) => {
    expect(nextStep(outcome, { ...RUNNING, ...facts })).toMatchObject(step);
  });
});
