import { type EndingParts, Shutdown } from './app-shutdown';

describe('Shutdown', () => {
  let steps: string[];
  let parts: EndingParts;

  beforeEach(() => {
    jest.useFakeTimers();
    steps = [];
    parts = {
      readiness: { closeForShutdown: () => steps.push('unready') },
      engines: { hold: () => steps.push('hold'), farewell: () => Promise.resolve(null) },
      streams: {
        drain: (ms) => {
          steps.push(`drain ${ms}`);
          return Promise.resolve();
        },
        abortNow: () => steps.push('abort'),
      },
      app: {
        close: () => {
          steps.push('close');
          return Promise.resolve();
        },
      },
      output: { flush: () => Promise.resolve() },
      drainMs: 5000,
      report: () => undefined,
      exit: (code) => steps.push(`exit ${code}`),
    };
  });
  afterEach(() => jest.useRealTimers());

  const never = (): Promise<void> => new Promise(() => undefined);

  it('runs its phases in order', async () => {
    await new Shutdown(parts).signal('SIGTERM');
    expect(steps).toEqual(['unready', 'hold', 'drain 5000', 'close', 'exit 0']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('logs at once which engines continue', async () => {
    const lines: string[] = [];
    const farewell = (): Promise<string> => Promise.resolve('2 engines keep running');
    const engines = { hold: () => undefined, farewell };
    const streams = { ...parts.streams, drain: never };
    const report = (line: string): number => lines.push(line);
    const shutdown = new Shutdown({ ...parts, engines, streams, report });
    void shutdown.signal('SIGINT');
    await shutdown.signal('SIGINT');
    expect(lines.filter((line) => line === '2 engines keep running')).toHaveLength(1);
  });

  it('does not wait for ever for the list of engines that continue', async () => {
    const engines = { hold: () => undefined, farewell: () => new Promise<null>(() => undefined) };
    const ended = new Shutdown({ ...parts, engines }).signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(3_000);
    await ended;
    expect(steps.slice(-2)).toEqual(['close', 'exit 0']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at the second signal %s', async (name, code) => {
    const shutdown = new Shutdown({ ...parts, streams: { ...parts.streams, drain: never } });
    void shutdown.signal('SIGTERM');
    await shutdown.signal(name);
    expect(steps).toEqual(['unready', 'hold', 'abort', `exit ${code}`]);
  });

  it('closes although streams hang, and reports the failure', async () => {
    const shutdown = new Shutdown({ ...parts, streams: { ...parts.streams, drain: never } });
    const ended = shutdown.signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(steps).toEqual(['unready', 'hold', 'close', 'exit 1']);
  });

  it('ends although modules hang or fail', async () => {
    const hanging = new Shutdown({ ...parts, app: { close: never } }).signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(13_000);
    await hanging;
    const failing = { close: () => Promise.reject(new Error('no')) };
    await new Shutdown({ ...parts, app: failing }).signal('SIGTERM');
    expect(steps.filter((step) => step.startsWith('exit'))).toEqual(['exit 1', 'exit 1']);
  });

  it('exits 20 s after the drain, whatever hangs', async () => {
    const shutdown = new Shutdown({ ...parts, output: { flush: never } });
    void shutdown.signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(25_000);
    expect(steps.at(-1)).toBe('exit 1');
  });
});
