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
    ['an end: the same engine once more', END, {}, SAME],
    [
      'an end of the retry: another engine',
      END,
      { wasRetryHere: true, failuresInARow: 2 },
      { ...OTHER, complaint: null },
    ],
    ['an end of the retry that followed media: the same engine', END, { wasRetryHere: true }, SAME],
    ['an end while a move prepares an engine: that engine', END, { isPreparing: true }, OTHER],
    [
      'silence: another engine, and a complaint',
      SILENCE,
      {},
      { exclusion: 'permanent', complaint: 'silence' },
    ],
    [
      'an end, and the source is spent: its next source',
      END,
      CHANNEL,
      { ...SAME, changesSource: true },
    ],
    [
      'silence, and the source is spent: its next source',
      SILENCE,
      CHANNEL,
      { step: 'other_engine', changesSource: true },
    ],
    [
      'the same while a move prepares an engine',
      SILENCE,
      { ...CHANNEL, isPreparing: true },
      { changesSource: false },
    ],
    ['the same at a start', SILENCE, { ...CHANNEL, policy: START }, { changesSource: false }],
    ['the engine was withdrawn: any other', WITHDRAWN, {}, LEFT],
    ['a planned move: its source', outcomeOfEnd('superseded', true, NONE), {}, LEFT],
    ['preempted while watched: any other', PREEMPTED, {}, LEFT],
    ['preempted at a watched start: the start fails', PREEMPTED, STARTING, { step: 'fail' }],
    [
      'preempted without viewers: the end',
      PREEMPTED,
      { isWatched: false },
      { step: 'end', isReclaimed: true },
    ],
    [
      'another stream plays it: the end',
      { next: 'merged', code: 'joined_other_stream', detail: null },
      {},
      { step: 'end', isReclaimed: false },
    ],
    [
      'unknown: the next source, here',
      UNKNOWN,
      STARTING,
      { step: 'next_source', prefers: 'same_engine' },
    ],
    [
      'nothing in time: the next source, elsewhere',
      startTimeout('silence'),
      STARTING,
      { step: 'next_source', prefers: 'other_engine' },
    ],
    [
      'no engine delivers at a start: the next source',
      NO_ENGINE,
      STARTING,
      { step: 'next_source' },
    ],
    ['the same of a running stream: the end', NO_ENGINE, {}, { step: 'fail' }],
    ['a fault of ours: the end', BROKEN, CHANNEL, { step: 'fail' }],
  ])('%s', (_, outcome, facts, step) => {
    expect(nextStep(outcome, { ...RUNNING, ...facts })).toMatchObject(step);
  });
});
