import { Logger } from '@nestjs/common';
import { Lifecycle } from './app-lifecycle';

describe('Lifecycle', () => {
  let steps: string[];
  let lines: string[];
  let drain: () => Promise<void>;
  let farewell: () => Promise<string | null>;
  let close: () => Promise<void>;
  let flush: () => Promise<void>;
  let lifecycle: Lifecycle;
  let config: { shutdownDrainMs: number };

  beforeEach(() => {
    jest.useFakeTimers();
    steps = [];
    lines = [];
    for (const method of ['log', 'warn', 'error'] as const) {
      jest
        .spyOn(Logger.prototype, method)
        .mockImplementation((...said: unknown[]) => lines.push(String(said.at(-1))));
    }
    drain = farewell = close = flush = () => Promise.resolve(null as never);
    config = { shutdownDrainMs: 5000 };
    lifecycle = new Lifecycle(
      config,
      { closeForShutdown: () => steps.push('unready') },
      { hold: () => steps.push('hold'), farewell: () => farewell() },
      {
        drain: (ms) => {
          steps.push(`drain ${ms}`);
          return drain();
        },
        abortNow: () => steps.push('abort'),
      },
      { close: () => steps.push('push') },
      {
        flush: () => {
          steps.push('flush');
          return flush();
        },
      },
    );
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const never = (): Promise<never> => new Promise(() => undefined);
  const end = (signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number> =>
    lifecycle.end(signal, () => {
      steps.push('close');
      return close();
    });

  it('runs its phases in order, and leaves no timer', async () => {
    expect(await end()).toBe(0);
    expect(steps).toEqual(['unready', 'hold', 'push', 'drain 5000', 'close', 'flush']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('follows changes of SHUTDOWN_DRAIN', async () => {
    config.shutdownDrainMs = 250;
    await end();
    expect(steps).toContain('drain 250');
  });

  it('logs during the drain which engines keep running', async () => {
    farewell = () => Promise.resolve('2 engines keep running');
    drain = never;
    void end('SIGINT');
    await end('SIGINT');
    expect(lines.filter((line) => line === '2 engines keep running')).toHaveLength(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at the second signal %s', async (signal, code) => {
    drain = never;
    void end();
    expect(await end(signal)).toBe(code);
    expect(steps).toEqual(['unready', 'hold', 'push', 'drain 5000', 'abort']);
  });

  it.each<[string, number, number, () => void]>([
    ['end_streams', 10, 1, () => (drain = never)],
    ['list_remaining_engines', 3, 0, () => (farewell = never)],
    ['close_modules', 13, 1, () => (close = never)],
    ['flush_log', 1, 0, () => (flush = never)],
  ])('logs that %s is not over after %d s, and goes on', async (phase, limitS, code, hang) => {
    hang();
    const ended = end();
    await jest.advanceTimersByTimeAsync(limitS * 1000 - 1);
    expect(lines).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await ended).toBe(code);
    expect(lines.slice(1)).toEqual([`the shutdown phase ${phase} is not over after ${limitS} s`]);
    expect(steps.slice(-2)).toEqual(['close', 'flush']);
  });

  it('goes on after a phase that failed', async () => {
    close = () => Promise.reject(new Error('no'));
    expect(await end()).toBe(1);
    expect(lines.slice(1)).toEqual(['the shutdown phase close_modules failed']);
    expect(steps.at(-1)).toBe('flush');
  });

  it('resets viewers and writes the log after an unexpected fault', async () => {
    await lifecycle.abort();
    expect(steps).toEqual(['abort', 'flush']);
  });
});
