import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { BodyPump, endAnswer, type PumpTimes } from './body-pump';

const TIMES: PumpTimes = { firstByteMs: 4000, silenceMs: 1000, pauseMs: 60_000 };

/** A viewer that takes bytes only when the test tells it to. */
class SlowViewer extends Writable {
  taken = 0;
  private done: (() => void) | null = null;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.taken += piece.length;
    this.done = done;
  }

  take(): void {
    const { done } = this;
    this.done = null;
    done?.();
  }
}

describe('BodyPump', () => {
  let nowMs: number;
  let body: PassThrough & { complete: boolean };
  let viewer: SlowViewer;
  let pump: BodyPump;
  let counted: number;
  let isFrozen: boolean;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    nowMs = 0;
    counted = 0;
    viewer = new SlowViewer();
    isFrozen = false;
    open(TIMES);
  });

  afterEach(() => {
    pump.stop();
    expect(jest.getTimerCount()).toBe(0);
    expect(viewer.listenerCount('drain')).toBe(0);
    jest.useRealTimers();
  });

  function open(times: PumpTimes): void {
    body = Object.assign(new PassThrough(), { complete: true });
    pump = new BodyPump(
      body as unknown as IncomingMessage,
      viewer,
      times,
      (bytes) => (counted += bytes),
      () => nowMs,
      { engineAnswers: () => Promise.resolve(!isFrozen) },
    );
    pump.start();
  }

  /** Advances the clock in small steps, as the timers of an event loop without lag would see it. */
  async function after(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      nowMs += 50;
      jest.advanceTimersByTime(50);
    }
    await settled();
  }

  async function settled(): Promise<void> {
    for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async function endSoFar(): Promise<string> {
    return Promise.race([pump.ended, settled().then(() => 'open')]);
  }

  it('reads from the engine only what the viewer takes', async () => {
    for (let n = 0; n < 50; n += 1) body.write(Buffer.alloc(10_000));
    await settled();
    expect(viewer.taken).toBe(10_000);
    expect(counted).toBe(10_000);
    viewer.take();
    await settled();
    expect(viewer.taken).toBe(20_000);
  });

  it("does not count a viewer's pause as silence of the engine, up to a limit", async () => {
    body.write(Buffer.alloc(10_000));
    await settled();
    await after(30_000);
    expect(await endSoFar()).toBe('open');
    await after(31_000);
    expect(await endSoFar()).toBe('paused');
  });

  it('waits longer for the first byte than for later ones', async () => {
    await after(3500);
    body.write(Buffer.alloc(10));
    await settled();
    viewer.take();
    await settled();
    await after(800);
    expect(await endSoFar()).toBe('open');
    await after(500);
    expect(await endSoFar()).toBe('silent');
  });

  it('leaves an engine that answers no probe before the limit of silence', async () => {
    pump.stop();
    open({ ...TIMES, firstByteMs: 60_000, silenceMs: 15_000 });
    await after(10_000);
    expect(await endSoFar()).toBe('open');
    isFrozen = true;
    await after(4000);
    expect(await endSoFar()).toBe('silent');
  });

  it('gives up when the first byte does not arrive in time', async () => {
    await after(4500);
    expect(await endSoFar()).toBe('silent');
  });

  it('does not count event loop lag as silence of the engine', async () => {
    body.write(Buffer.alloc(10));
    await settled();
    viewer.take();
    await settled();
    nowMs += 10_000;
    jest.advanceTimersByTime(250);
    expect(await endSoFar()).toBe('open');
  });

  it.each([
    ['is complete', 'end', () => body.end()],
    [
      'ends too early',
      'broken',
      () => {
        body.complete = false;
        body.end();
      },
    ],
    ['breaks', 'broken', () => body.destroy(new Error('reset'))],
    ['is stopped', 'stopped', () => pump.stop()],
  ])('reports that the body %s', async (_what, end, act) => {
    act();
    await settled();
    expect(await endSoFar()).toBe(end);
    expect(body.destroyed).toBe(true);
  });
});

describe('the end of an answer', () => {
  it('resolves when the viewer has taken everything', async () => {
    const sink = new PassThrough();
    sink.resume();
    await expect(endAnswer(sink, 5000, new AbortController().signal)).resolves.toBe('finished');
  });

  it('gives up when the viewer takes no more bytes', async () => {
    const sink = new PassThrough({ highWaterMark: 1 });
    sink.write('never read');
    sink.write('never read');
    await expect(endAnswer(sink, 20, new AbortController().signal)).resolves.toBe('paused');
  });

  it.each(['before', 'while the answer is ending'])(
    'resolves with gone when the viewer hung up %s',
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
