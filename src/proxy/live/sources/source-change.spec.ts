import { kindOf, type ChangeKind, type SourceChange } from './source-change';

const CLEAN = { isFlagged: false, silentMs: 900 };

describe('kindOf', () => {
  it.each<[string, Partial<SourceChange>, ChangeKind]>([
    ['goes on with the next unit', {}, 'unfelt'],
    ['goes on with the next unit after 2 s', { join: { ...CLEAN, silentMs: 2000 } }, 'unfelt'],
    ['goes on with the next unit later', { join: { ...CLEAN, silentMs: 2001 } }, 'felt'],
    ['is flagged', { join: { ...CLEAN, isFlagged: true } }, 'felt'],
    ['brings nothing newer', { join: null }, 'felt'],
    ['follows the death of an engine', { isEngineGone: true }, 'engine_gone'],
    ['brings nothing newer after a death', { isEngineGone: true, join: null }, 'engine_gone'],
  ])('a source that %s', (_, facts, kind) => {
    expect(kindOf({ atMs: 0, isEngineGone: false, join: CLEAN, ...facts })).toBe(kind);
  });
});
