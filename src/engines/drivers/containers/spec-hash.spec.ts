import * as fc from 'fast-check';
import { specHash, type SpecValue } from './spec-hash';

const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string()),
);
const facts = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { maxKeys: 8 });

describe('the hash of what an engine is made of', () => {
  it('is 16 hex digits, whatever the facts', () => {
    fc.assert(fc.property(facts, (given) => expect(specHash(given)).toMatch(/^[0-9a-f]{16}$/)));
  });

  it('does not know the order of the names', () => {
    const shuffled = facts.chain((given) =>
      fc
        .shuffledSubarray(Object.entries(given), { minLength: Object.keys(given).length })
        .map((entries) => [given, Object.fromEntries<SpecValue>(entries)] as const),
    );
    fc.assert(fc.property(shuffled, ([a, b]) => expect(specHash(a)).toBe(specHash(b))));
  });

  it('is another one for any other value', () => {
    fc.assert(
      fc.property(facts, value, value, (given, a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(specHash({ ...given, NAME: a })).not.toBe(specHash({ ...given, NAME: b }));
      }),
    );
  });

  it('stays the same from release to release: a new one would replace every engine', () => {
    expect(specHash({ b: [1, 'two'], a: null })).toBe('74df8afee624e544');
  });
});
