import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { LogOutput } from './log-output';
import { loggerOptions } from './log-stream';
import { printable } from './printable';

/** A pipe whose reader can pause. */
class Pipe extends Writable {
  readonly lines: string[] = [];
  private wake: (() => void) | null = null;

  constructor(private asleep = false) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    const take = (): void => {
      this.lines.push(chunk);
      done();
    };
    if (this.asleep) this.wake = take;
    else take();
  }

  wakeUp(): void {
    this.asleep = false;
    this.wake?.();
  }
}

function logger(pipe: Pipe): Pick<Logger, 'info'> {
  const [options, output] = loggerOptions({ logLevel: 'info' }, new LogOutput(pipe, null));
  return pino(options, output);
}

describe('the log', () => {
  it('writes one line of JSON per event, whatever it contains', () => {
    const pipe = new Pipe();
    const hostile = 'a\r\n{"level":60}\u001b[2J\u0000\u2028b';
    logger(pipe).info({ user_agent: hostile }, hostile);
    expect(pipe.lines).toHaveLength(1);
    expect(pipe.lines[0]).toMatch(/^[^\r\n\u001b\u0000]*\n$/);
    expect(JSON.parse(pipe.lines[0]!)).toMatchObject({ user_agent: hostile, msg: hostile });
  });

  it('never contains a key', () => {
    const pipe = new Pipe();
    const secret = 'SECRET';
    logger(pipe).info({
      authorization: secret,
      'x-api-key': secret,
      config: { apiKey: secret },
      request: { headers: { authorization: secret, 'x-api-key': secret } },
    });
    expect(pipe.lines.join('')).not.toContain(secret);
  });

  it('drops lines beyond a bound while nobody reads, and logs their number afterwards', async () => {
    const pipe = new Pipe(true);
    const output = new LogOutput(pipe, null);
    for (let i = 0; i < 2000; i += 1) output.write(`${'x'.repeat(1023)}\n`);
    expect(pipe.writableLength).toBeLessThan(1.1 * 1024 * 1024);
    pipe.wakeUp();
    await output.flush(1000);
    output.write('next\n');
    await output.flush(1000);
    const [report, next] = pipe.lines.slice(-2);
    expect(JSON.parse(report!)).toMatchObject({ lines: 2000 - 1025 });
    expect(next).toBe('next\n');
  });

  it('does not wait for a reader for ever', async () => {
    const output = new LogOutput(new Pipe(true), null);
    output.write('stuck\n');
    await output.flush(20);
  });

  it('survives the end of its reader', async () => {
    const pipe = new Pipe();
    const output = new LogOutput(pipe, null);
    pipe.destroy(new Error('EPIPE'));
    await new Promise((resolve) => pipe.once('close', resolve));
    output.write('nobody hears\n');
    output.print(['nobody']);
    await output.flush(1000);
    expect(pipe.lines).toEqual([]);
  });
});

describe('printable', () => {
  it.each([
    ['plain ünï', 'plain ünï'],
    ['a\r\nb\tc\u001b[31m\u0000\u007f\u009b\u2028', 'a??b?c?[31m????'],
    ['x'.repeat(300), 'x'.repeat(256)],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
