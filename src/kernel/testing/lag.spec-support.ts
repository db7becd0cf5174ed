/** Interval of the timer that measures the event loop's lag. */
const STEP_MS = 20;
/** For each this many ms of usual lag, a bound is extended by its own length. */
const DOUBLES_PER_MS = 10;
/** The usual lag is this quantile of all measurements. The largest lag is added to the bound separately. */
const USUAL_SHARE = 0.95;

/**
 * How late the timers of this test process fire, which shows how long a busy machine makes a process wait for the
 * CPU.
 */
export class LagMeter {
  private lags: number[] = [];
  private lastMs = performance.now();
  private readonly timer = setInterval(() => this.tick(performance.now()), STEP_MS).unref();

  /** Discards the measurements so far. */
  begin(nowMs = performance.now()): void {
    this.lags = [];
    this.lastMs = nowMs;
  }

  /** Called every `STEP_MS`, and late when the event loop is late. */
  tick(nowMs: number): void {
    this.lags.push(Math.max(0, nowMs - this.lastMs - STEP_MS));
    this.lastMs = nowMs;
  }

  /** Scales a bound of `limitMs`, which is meant for an otherwise idle machine. */
  stretch(limitMs: number, nowMs = performance.now()): number {
    // A bound of 0 ms is an immediate check, so it is not scaled.
    if (limitMs === 0) return 0;
    // A stall that still lasts is not among the measurements yet.
    const underWay = Math.max(0, nowMs - this.lastMs - STEP_MS);
    const sorted = [...this.lags, underWay].sort((a, b) => a - b);
    const usual = sorted[Math.floor(USUAL_SHARE * (sorted.length - 1))] ?? 0;
    const worst = sorted.at(-1) ?? 0;
    return limitMs * (1 + usual / DOUBLES_PER_MS) + worst;
  }

  close(): void {
    clearInterval(this.timer);
  }
}

const ofThisTest = new LagMeter();
beforeEach(() => ofThisTest.begin());
afterAll(() => ofThisTest.close());

/**
 * Scales a bound on elapsed time by the time that this test process itself had to wait for the CPU since the test
 * began, or since the file began in a test of `it.concurrent`. Delays of the product never count.
 */
export function withLag(limitMs: number): number {
  return ofThisTest.stretch(limitMs);
}
