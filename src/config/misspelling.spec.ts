import { countEdits, findIntendedName } from './misspelling';

describe('countEdits', () => {
  it.each([
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'xabc', 1],
    ['abcd', 'badc', 3],
    ['', 'ab', 2],
  ])('%j to %j takes %d', (from, to, edits) => {
    expect(countEdits(from, to)).toBe(edits);
  });

  it('does not measure what is far too long', () => {
    expect(countEdits('a', 'abcdefgh')).toBe(3);
  });
});

describe('findIntendedName', () => {
  const known = ['PROXY_RETRY_BASE', 'PROXY_RETRY_MAX', 'PORT'];

  it('chooses the nearest known name', () => {
    expect(findIntendedName('PROXY_RETRY_MAXX', known)).toBe('PROXY_RETRY_MAX');
    expect(findIntendedName('PROXY_RETY_BASE', known)).toBe('PROXY_RETRY_BASE');
  });

  it('leaves known, foreign and entirely different names alone', () => {
    expect(findIntendedName('PROXY_RETRY_MAX', known)).toBeNull();
    expect(findIntendedName('PORTS', known)).toBeNull();
    expect(findIntendedName('PROXY_URL', known)).toBeNull();
  });
});
