import fc from 'fast-check';
import { csvRow } from './csv';

describe('csvRow', () => {
  it.each([
    [['a', 1, true, null, -2.5], 'a,1,true,,-2.5\r\n'],
    [['a,b', 'say "hi"', 'two\nlines'], '"a,b","say ""hi""","two\nlines"\r\n'],
    [['=1+1', '+1', '-1', '@SUM(A1)'], "'=1+1,'+1,'-1,'@SUM(A1)\r\n"],
    [['  =1+1', '\t=1', '\r=1'], "'  =1+1,'\t=1,\"'\r=1\"\r\n"],
    [['a\0b', '\0=1'], "ab,'=1\r\n"],
    [[], '\r\n'],
  ])('writes %j', (values, line) => {
    expect(csvRow(values)).toBe(line);
  });

  it('writes texts that a reader finds again, and none that a spreadsheet evaluates', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const fields = parseLine(csvRow(texts));
        expect(fields.map((text) => text.replace(/^'/, ''))).toEqual(
          texts.map((text) => text.replaceAll('\0', '').replace(/^'/, '')),
        );
        for (const text of fields) expect(text).not.toMatch(/^\s*[=+\-@]/);
      }),
    );
  });
});

/** A reader as simple as the format: every field follows a comma. */
function parseLine(line: string): string[] {
  const fields = `,${line.slice(0, -2)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}
