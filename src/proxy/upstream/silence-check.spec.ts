import { EventLoopLag } from '../../kernel/event-loop-lag';
import { SilenceCheck } from './silence-check';

const TICK_MS = 500;

describe('SilenceCheck', () => {
  let nowMs: number;
  let lastMediaMs: number;
  /** Times at which the engine was probed. */
  let asked: number[];
  let answer: (isAnswered: boolean) => void;
  let left: string[];
  let lag: EventLoopLag;
  let check: SilenceCheck;
  const source = {
    silentForMs: (atMs: number) => atMs - lastMediaMs,
    leave: (why: string) => void left.push(`${why} at ${nowMs}`),
  };

  beforeEach(() => {
    nowMs = lastMediaMs = 0;
    asked = [];
    left = [];
    lag = new EventLoopLag(TICK_MS, 0);
    const engineAnswers = (): Promise<boolean> => {
      asked.push(nowMs);
      return new Promise((resolve) => (answer = resolve));
    };
    check = new SilenceCheck({ engineAnswers }, lag, () => nowMs);
  });

  /** Calls the check as the timer of a stream does, until the given time. */
  function passTo(ms: number): void {
    while (nowMs < ms) {
      nowMs += TICK_MS;
      if (lag.at(nowMs) === 0) check.look(source, nowMs);
    }
  }

  async function answered(isAnswered: boolean): Promise<void> {
    answer(isAnswered);
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('probes the engine after 3 s of silence, and leaves its source when it does not answer', async () => {
    passTo(5000);
    expect(asked).toEqual([3000]);
    await answered(false);
    expect(left).toEqual(['engine_unresponsive at 5000']);
  });

  it('probes again every 3 s of silence, because the engine may freeze meanwhile', async () => {
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

  it('does not probe while media arrive', () => {
    for (let second = 1; second <= 20; second++) {
      lastMediaMs = nowMs;
      passTo(second * 1000);
    }
    expect(asked).toEqual([]);
  });

  it('keeps a source whose media returned before the answer was overdue', async () => {
    passTo(4000);
    lastMediaMs = 4000;
    passTo(5000);
    await answered(false);
    expect(left).toEqual([]);
  });

  it('keeps the source when the answer is overdue because our own event loop was blocked', async () => {
    passTo(3000);
    nowMs = 5500;
    await answered(false);
    expect(left).toEqual([]);
    passTo(6000);
    passTo(8500);
    expect(asked).toEqual([3000, 8500]);
  });
});
