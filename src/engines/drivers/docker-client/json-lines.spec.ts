import { Readable } from 'node:stream';
import fc from 'fast-check';
import { jsonLines } from './json-lines';

async function valuesOf(chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const value of jsonLines(stream)) values.push(value);
  return values;
}

describe('jsonLines', () => {
  it('finds the values again wherever their bytes are cut', async () => {
    const cuts = fc.array(fc.nat(500), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.object({ maxDepth: 1 })), cuts, async (values, at) => {
        const written = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        const bytes = Buffer.from(written.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const ends = [...at.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
          (a, b) => a - b,
        );
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        expect(await valuesOf(chunks)).toEqual(written);
      }),
    );
  });

  it('takes a last line without its end, and lines that are empty', async () => {
    expect(await valuesOf(['\n\r\n{"a":1}\r\n \n{"b"', ':2}'])).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await valuesOf([])).toEqual([]);
  });

  it.each([
    ['text', ['hello\n'], 'not JSON'],
    ['a value that breaks off', ['{"a":'], 'not JSON'],
    ['a line without end', Array.from({ length: 3 }, () => 'x'.repeat(600_000)), 'without end'],
  ])('refuses %s', async (_, chunks, words) => {
    await expect(valuesOf(chunks)).rejects.toMatchObject({
      code: 'docker_unavailable',
      message: expect.stringContaining(words),
    });
  });
});
