import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { BodyPump, endAnswer, type PumpTimes } from './body-pump';

const TIMES: PumpTimes = { firstByteMs: 4000, silenceMs: 1000, pauseMs: 60_000 };

/** A viewer who takes a piece when told. */
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

  /** Time goes by in small steps, as it does while the event loop is well. */
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

  it('reads no further than the viewer takes', async () => {
    for (let n = 0; n < 50; n += 1) body.write(Buffer.alloc(10_000));
    await settled();
    expect(viewer.taken).toBe(10_000);
    expect(counted).toBe(10_000);
    viewer.take();
    await settled();
    expect(viewer.taken).toBe(20_000);
  });

  it('takes a pause of the viewer for no silence of the engine, up to a bound', async () => {
    body.write(Buffer.alloc(10_000));
    await settled();
    await after(30_000);
    expect(await endSoFar()).toBe('open');
    await after(31_000);
    expect(await endSoFar()).toBe('paused');
  });

  it('waits longer for the first byte than for the next', async () => {
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

  it('leaves an engine that answers no probe long before its silence is too long', async () => {
    pump.stop();
    open({ ...TIMES, firstByteMs: 60_000, silenceMs: 15_000 });
    await after(10_000);
    expect(await endSoFar()).toBe('open');
    isFrozen = true;
    await after(4000);
    expect(await endSoFar()).toBe('silent');
  });

  it('gives the first byte up in the end', async () => {
    await after(4500);
    expect(await endSoFar()).toBe('silent');
  });

  it('does not blame the engine for our own lateness', async () => {
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
  ])('says when the body %s', async (_what, end, act) => {
    act();
    await settled();
    expect(await endSoFar()).toBe(end);
    expect(body.destroyed).toBe(true);
  });
});

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
