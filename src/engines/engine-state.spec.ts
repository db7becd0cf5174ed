import { canMove, ENGINE_STATES, stateAfterProbe } from './engine-state';
import type { EngineState } from './engine.types';

describe('engine states', () => {
  it('never leaves gone, and reaches it from everywhere', () => {
    for (const state of ENGINE_STATES) {
      expect(canMove('gone', state)).toBe(false);
      expect(canMove(state, 'gone')).toBe(state !== 'gone');
    }
  });

  it.each<[EngineState, boolean, number, EngineState]>([
    ['starting', true, 0, 'healthy'],
    ['starting', false, 1, 'starting'],
    ['starting', false, 3, 'unhealthy'],
    ['healthy', true, 0, 'healthy'],
    ['healthy', false, 1, 'suspect'],
    ['healthy', false, 3, 'unhealthy'],
    ['suspect', true, 0, 'healthy'],
    ['suspect', false, 2, 'suspect'],
    ['suspect', false, 3, 'unhealthy'],
    ['unhealthy', false, 9, 'unhealthy'],
    ['unhealthy', true, 0, 'healthy'],
    ['draining', true, 0, 'draining'],
    ['draining', false, 3, 'draining'],
    ['gone', true, 0, 'gone'],
  ])('%s, answered %p, %d misses -> %s', (state, answered, misses, next) => {
    expect(stateAfterProbe(state, { answered, misses, unhealthyAfter: 3 })).toBe(next);
  });

  it('takes only ways that the table knows', () => {
    for (const state of ENGINE_STATES) {
      for (const answered of [true, false]) {
        for (const misses of [0, 1, 2, 3]) {
          const next = stateAfterProbe(state, { answered, misses, unhealthyAfter: 3 });
          expect(next === state || canMove(state, next)).toBe(true);
        }
      }
    }
  });
});
