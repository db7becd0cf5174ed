import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { readLines } from './bounded-lines';

async function linesOf(parts: string[], maxChars: number): Promise<string[]> {
  const stream = Readable.from(
    parts.map((part) => Buffer.from(part)),
    { objectMode: false },
  );
  const lines: string[] = [];
  readLines(stream, maxChars, (line) => lines.push(line));
  await finished(stream);
  return lines;
}

describe('bounded lines', () => {
  it('reads each line for any division of the text, and the last one without a line end', async () => {
    expect(await linesOf(['a', 'b\nc\r\n', '\nd\n', 'e'], 100)).toEqual(['ab', 'c', 'd', 'e']);
  });

  it('drops only text beyond the limit', async () => {
    expect(await linesOf(['12345', '67', '89\nab\n'], 4)).toEqual(['1234', 'ab']);
  });

  it('reads the same lines for every division of the text', async () => {
    const text = fc.array(fc.constantFrom('a', 'é', ' b', '\n', 'cc', '\r\n'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        expect(await linesOf(parts, 5)).toEqual(await linesOf([parts.join('')], 5));
      }),
    );
  });
});
