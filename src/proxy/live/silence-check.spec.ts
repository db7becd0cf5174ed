import { EventLoopLag } from '../../kernel/event-loop-lag';
import { SilenceCheck } from './silence-check';

const TICK_MS = 500;

describe('SilenceCheck', () => {
  let nowMs: number;
  let lastMediaMs: number;
  /** When the engine was asked. */
  let asked: number[];
  let answer: (isAnswered: boolean) => void;
  let left: string[];
  let lateness: EventLoopLag;
  let check: SilenceCheck;
  const source = {
    silentForMs: (atMs: number) => atMs - lastMediaMs,
    leave: (why: string) => void left.push(`${why} at ${nowMs}`),
  };

  beforeEach(() => {
    nowMs = lastMediaMs = 0;
    asked = [];
    left = [];
    lateness = new EventLoopLag(TICK_MS, 0);
    const engineAnswers = (): Promise<boolean> => {
      asked.push(nowMs);
      return new Promise((resolve) => (answer = resolve));
    };
    check = new SilenceCheck({ engineAnswers }, lateness, () => nowMs);
  });

  /** Looks as the timer of a stream does. */
  function passTo(ms: number): void {
    while (nowMs < ms) {
      nowMs += TICK_MS;
      if (lateness.at(nowMs) === 0) check.look(source, nowMs);
    }
  }

  async function answered(isAnswered: boolean): Promise<void> {
    answer(isAnswered);
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('asks after three seconds of silence, and leaves a source whose engine does not answer', async () => {
    passTo(5000);
    expect(asked).toEqual([3000]);
    await answered(false);
    expect(left).toEqual(['engine_unresponsive at 5000']);
  });

  it('asks again every three seconds while the silence lasts: an engine may freeze in it', async () => {
    passTo(3000);
    await answered(true);
    passTo(6000);
    expect(asked).toEqual([3000, 6000]);
    await answered(true);
    passTo(8500);
    expect(asked).toHaveLength(2);
    passTo(11_000);
    await answered(false);
    expect(left).toEqual(['engine_unresponsive at 11000']);
  });

  it('asks nothing while media come', () => {
    for (let second = 1; second <= 20; second++) {
      lastMediaMs = nowMs;
      passTo(second * 1000);
    }
    expect(asked).toEqual([]);
  });

  it('keeps a source whose media came back before the answer was overdue', async () => {
    passTo(4000);
    lastMediaMs = 4000;
    passTo(5000);
    await answered(false);
    expect(left).toEqual([]);
  });

  it('blames nobody when the answer is overdue because our own loop was away', async () => {
    passTo(3000);
    nowMs = 5500;
    await answered(false);
    expect(left).toEqual([]);
    passTo(6000);
    passTo(8500);
    expect(asked).toEqual([3000, 8500]);
  });
});
