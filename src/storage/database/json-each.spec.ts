import { toJson } from './json-each';

describe('toJson', () => {
  it.each([
    ['plain', 'plain'],
    ['é \u{1F600} "quoted"', 'é \u{1F600} "quoted"'],
    ['a\uD83Db', 'a\uFFFDb'],
    ['a\uDE00b', 'a\uFFFDb'],
    ['a\0b', 'a\uFFFDb'],
  ])('keeps %j, or replaces what SQLite cannot hold', (text, kept) => {
    expect(JSON.parse(toJson({ text, list: [text] }))).toEqual({ text: kept, list: [kept] });
  });
});
