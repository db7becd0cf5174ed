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
    ['the media ended', [['e1', END]], 'healthy', false],
    ['silence', [['e1', SILENT]], 'suspect', false],
    ['silence, and no answer', [['e1', FROZEN]], 'healthy', true],
    ['the engine was taken away', [['e1', REVOKED]], 'healthy', true],
    // prettier-ignore
    ['an end, and the engine refuses', [['e1', END], ['e1', REFUSED]], 'suspect', true],
    // prettier-ignore
    ['an end, and the engine is slow', [['e1', END], ['e1', SLOW]], 'suspect', false],
    // prettier-ignore
    ['an end, and another engine refuses', [['e1', END], ['e2', REFUSED]], 'healthy', false],
    ['an end, and the process is gone', [['e1', END]], 'starting', true],
    ['an end while it is drained', [['e1', END]], 'draining', true],
    ['an end, and it is removed', [['e1', END]], 'gone', true],
  ])('%s', (_, outcomes, state, isGone) => {
    const loss = new SourceLoss(engine(state), 'end');
    for (const [engineId, outcome] of outcomes) loss.note(engineId, outcome);
    expect(loss.isEngineGone).toBe(isGone);
  });
});
