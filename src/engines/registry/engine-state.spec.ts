import { canMove, ENGINE_STATES, type ProbeVerdict, stateAfterProbe } from './engine-state';
import type { EngineState } from './engine.types';

describe('engine states', () => {
  it('reaches gone from every state, and never leaves it', () => {
    for (const state of ENGINE_STATES) {
      expect(canMove('gone', state)).toBe(false);
      expect(canMove(state, 'gone')).toBe(state !== 'gone');
    }
  });

  const verdict = (expected: Partial<ProbeVerdict>): ProbeVerdict => ({
    answered: true,
    misses: 0,
    answers: 0,
    unhealthyAfter: 3,
    mayStillStart: false,
    ...expected,
  });

  const answered = (answers: number) => verdict({ answered: true, answers });
  const missed = (misses: number) => verdict({ answered: false, misses });

  it.each<[EngineState, ProbeVerdict, EngineState]>([
    ['starting', answered(1), 'healthy'],
    ['starting', missed(1), 'starting'],
    ['starting', missed(3), 'unhealthy'],
    ['starting', { ...missed(99), mayStillStart: true }, 'starting'],
    ['healthy', answered(1), 'healthy'],
    ['healthy', missed(1), 'suspect'],
    ['healthy', missed(3), 'unhealthy'],
    ['suspect', answered(1), 'healthy'],
    ['suspect', missed(2), 'suspect'],
    ['suspect', missed(3), 'unhealthy'],
    ['unhealthy', missed(9), 'unhealthy'],
    ['unhealthy', answered(1), 'unhealthy'],
    ['unhealthy', answered(2), 'unhealthy'],
    ['unhealthy', answered(3), 'healthy'],
    ['draining', answered(9), 'draining'],
    ['draining', missed(3), 'draining'],
    ['gone', answered(1), 'gone'],
  ])('%s, after %j -> %s', (state, after, next) => {
    expect(stateAfterProbe(state, after)).toBe(next);
  });

  it('takes only transitions of the table', () => {
    for (const state of ENGINE_STATES) {
      for (const isAnswered of [true, false]) {
        for (const count of [0, 1, 2, 3]) {
          for (const mayStillStart of [true, false]) {
            const next = stateAfterProbe(state, {
              ...(isAnswered ? answered(count) : missed(count)),
              mayStillStart,
            });
            expect(next === state || canMove(state, next)).toBe(true);
          }
        }
      }
    }
  });
});
