import { PassThrough } from 'node:stream';
import { endAnswer } from './answer-end';

describe('the end of an answer', () => {
  it('is there when all was taken', async () => {
    const sink = new PassThrough();
    sink.resume();
    await expect(endAnswer(sink, 5000, new AbortController().signal)).resolves.toBe('finished');
  });

  it('is given up when the viewer takes nothing any more', async () => {
    const sink = new PassThrough({ highWaterMark: 1 });
    sink.write('never read');
    sink.write('never read');
    await expect(endAnswer(sink, 20, new AbortController().signal)).resolves.toBe('paused');
  });

  it.each(['before', 'while it is waited for'])(
    'is none when the viewer hung up %s',
    async (at) => {
      const sink = new PassThrough({ highWaterMark: 1 });
      sink.write('never read');
      sink.write('never read');
      const gone = new AbortController();
      if (at === 'before') gone.abort();
      const end = endAnswer(sink, 5000, gone.signal);
      gone.abort();
      await expect(end).resolves.toBe('gone');
    },
  );
});
