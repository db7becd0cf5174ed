import type { EngineState, EngineView } from '../../../engines';
import { SourceLoss } from './source-loss';
import { outcomeOfEnd, type Outcome } from './outcomes';

const END = outcomeOfEnd('end', true, Buffer.alloc(0));
const FROZEN = outcomeOfEnd('engine_unresponsive', true, Buffer.alloc(0));
const SILENT = outcomeOfEnd('silence', true, Buffer.alloc(0));
const REFUSED: Outcome = {
  next: 'other_engine',
  code: 'engine_failed',
  detail: null,
  complaint: 'connect_refused',
};
const SLOW: Outcome = { ...REFUSED, complaint: 'answer_timeout' };
const REVOKED: Outcome = { next: 'withdrawn', code: 'engine_withdrawn', detail: null };

describe('SourceLoss', () => {
  const engine = (state: EngineState) => ({ id: 'e1', state }) as EngineView;

  it.each<[string, readonly [string, Outcome][], EngineState, boolean]>([
    ['an end of the media', [['e1', END]], 'healthy', false],
    ['silence', [['e1', SILENT]], 'suspect', false],
    ['silence without an answer to the probe', [['e1', FROZEN]], 'healthy', true],
    ['a withdrawn engine', [['e1', REVOKED]], 'healthy', true],
    // prettier-ignore
    ['an end, after which the engine refuses connections', [['e1', END], ['e1', REFUSED]], 'suspect', true],
    // prettier-ignore
    ['an end, after which the engine answers too late', [['e1', END], ['e1', SLOW]], 'suspect', false],
    // prettier-ignore
    ['an end, after which another engine refuses connections', [['e1', END], ['e2', REFUSED]], 'healthy', false],
    ['an end while the engine restarts', [['e1', END]], 'starting', true],
    ['an end while the engine is drained', [['e1', END]], 'draining', true],
    ['an end after the engine was removed', [['e1', END]], 'gone', true],
  ])('tells whether the engine is gone after %s', (_, outcomes, state, isGone) => {
    const loss = new SourceLoss(engine(state), 'end');
    for (const [engineId, outcome] of outcomes) loss.note(engineId, outcome);
    expect(loss.isEngineGone).toBe(isGone);
  });

  it('excuses what the death of engines caused, and nothing else', () => {
    const loss = new SourceLoss(engine('healthy'), 'end');
    expect(loss.excuses('e1', END)).toBe(false);
    loss.note('e1', REFUSED);
    expect(loss.excuses('e1', REFUSED)).toBe(true);
    expect(loss.excuses('e2', REFUSED)).toBe(true);
    expect(loss.excuses('e2', SLOW)).toBe(false);
    expect(loss.excuses('e2', END)).toBe(false);
  });
});
