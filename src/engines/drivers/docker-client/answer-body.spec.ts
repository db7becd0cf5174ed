import { Readable } from 'node:stream';
import fc from 'fast-check';
import { jsonLines, logLines } from './answer-body';

async function valuesOf(chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const value of jsonLines(stream)) values.push(value);
  return values;
}

describe('jsonLines', () => {
  it('reads the values for any division of their bytes', async () => {
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

  it('reads a last line without its line end, and skips empty lines', async () => {
    expect(await valuesOf(['\n\r\n{"a":1}\r\n \n{"b"', ':2}'])).toEqual([{ a: 1 }, { b: 2 }]);
    expect(await valuesOf([])).toEqual([]);
  });

  it.each([
    ['text', ['hello\n'], 'not JSON'],
    ['a value that is incomplete', ['{"a":'], 'not JSON'],
    ['a line without end', Array.from({ length: 3 }, () => 'x'.repeat(600_000)), 'without end'],
  ])('refuses %s', async (_, chunks, words) => {
    await expect(valuesOf(chunks)).rejects.toMatchObject({
      code: 'docker_unavailable',
      message: expect.stringContaining(words),
    });
  });
});

function frame(output: number, text: string | Buffer): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = output;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

describe('logLines', () => {
  it.each<[string, Buffer, string[]]>([
    ['nothing', Buffer.alloc(0), []],
    ['one line', frame(1, 'a\n'), ['a']],
    ['both outputs', Buffer.concat([frame(1, 'a\n'), frame(2, 'b\n')]), ['a', 'b']],
    ['a last line without end', frame(1, 'a\nb'), ['a', 'b']],
    [
      'a line in pieces',
      Buffer.concat([frame(1, 'a'), frame(2, 'x\n'), frame(1, 'b\n')]),
      ['x', 'ab'],
    ],
    ['line ends of Windows', frame(1, 'a\r\nb\r\n'), ['a', 'b']],
    ['empty lines', frame(1, 'a\n\nb\n'), ['a', '', 'b']],
    ['the bare text of a terminal', Buffer.from('a\r\nb\r\n'), ['a', 'b']],
    ['bare text that is shorter than a frame', Buffer.from('a\n'), ['a']],
    ['an incomplete frame', frame(1, 'abc\nd').subarray(0, 10), ['ab']],
    [
      'an incomplete header',
      Buffer.concat([frame(1, 'a\n'), Buffer.from([1, 0, 0])]),
      ['a', '\x01\0\0'],
    ],
    ['bytes that are not text', frame(1, Buffer.from([0xff, 0x0a])), ['\ufffd']],
  ])('reads %s', (_, log, lines) => {
    expect(logLines(log, 100)).toEqual(lines);
  });

  it('keeps the newest lines', () => {
    const log = Buffer.concat(Array.from({ length: 50 }, (_, index) => frame(1, `${index}\n`)));
    expect(logLines(log, 3)).toEqual(['47', '48', '49']);
    expect(logLines(frame(1, '1\n2\n3\n4'), 2)).toEqual(['3', '4']);
  });

  it('cuts lines that are too long', () => {
    expect(logLines(frame(1, `${'x'.repeat(100_000)}\n`), 1)[0]).toHaveLength(4000);
  });

  it('reads the lines for any framing', () => {
    const lines = fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { maxLength: 20 });
    fc.assert(
      fc.property(lines, fc.array(fc.nat(400), { maxLength: 20 }), (written, cuts) => {
        const text = written.map((line) => `${line}\n`).join('');
        const ends = [...cuts.map((cut) => Math.min(cut, text.length)), text.length].sort(
          (a, b) => a - b,
        );
        const frames = ends.map((end, index) => frame(1, text.slice(ends[index - 1] ?? 0, end)));
        expect(logLines(Buffer.concat(frames), 100)).toEqual(written);
      }),
    );
  });

  it('accepts any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 5 }),
        (bytes, max) => {
          expect(logLines(Buffer.from(bytes), max).length).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});
