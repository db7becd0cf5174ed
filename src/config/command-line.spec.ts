import * as fc from 'fast-check';
import { commandLine, splitWords } from './command-line';
import { THIS_MACHINE } from './machine';

describe('splitWords', () => {
  it.each([
    ['', []],
    ['   ', []],
    ['--live-buffer 30', ['--live-buffer', '30']],
    ['  --a=1 \t --b  ', ['--a=1', '--b']],
    [`--name 'two words'`, ['--name', 'two words']],
    [`--name "two words"`, ['--name', 'two words']],
    [`--name=two' 'words`, ['--name=two words']],
    [`''`, ['']],
    [`a '' b`, ['a', '', 'b']],
    [`"a \\"quoted\\" word"`, ['a "quoted" word']],
    [`"C:\\new"`, ['C:\\new']],
    [`'it\\'`, ['it\\']],
    [`it\\'s`, [`it's`]],
    [`two\\ words`, ['two words']],
    ['$HOME `id` ; rm *', ['$HOME', '`id`', ';', 'rm', '*']],
  ])('%j is %j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it.each([`'open`, `"open`, `--name "two words' --b`, `it's`, `last\\`, `"a\\"`])(
    '%j is refused: something is left open',
    (text) => {
      expect(splitWords(text)).toBeUndefined();
    },
  );

  it('returns any words that were quoted, with either kind of quote', () => {
    const single = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
    const double = (word: string): string => `"${word.replace(/["\\]/g, '\\$&')}"`;
    const text = fc.string({ unit: 'grapheme' }).filter((word) => !/[\r\n\u2028\u2029]/.test(word));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, fc.boolean()), { maxLength: 10 }),
        fc.constantFrom(' ', '   ', '\t'),
        (parts, blank) => {
          const line = parts.map(([word, isSingle]) => (isSingle ? single : double)(word));
          expect(splitWords(line.join(blank))).toEqual(parts.map(([word]) => word));
        },
      ),
    );
  });

  it('terminates for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(`'`, '"', '\\', ' ', 'a', '\t') }), (text) => {
        const words = splitWords(text);
        expect(words === undefined || words.join('').length <= text.length).toBe(true);
      }),
    );
  });

  it('accepts one line of bounded length', () => {
    expect(commandLine().parse('a\nb', THIS_MACHINE)).toBeUndefined();
    expect(commandLine().parse(`a${' b'.repeat(2000)}`, THIS_MACHINE)).toBeUndefined();
    expect(commandLine().parse('a b', THIS_MACHINE)).toEqual(['a', 'b']);
  });
});
