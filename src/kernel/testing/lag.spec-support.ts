/** How often the loop is looked at. */
const STEP_MS = 20;
/** A bound grows by itself once more for so much of the usual lag. */
const DOUBLES_PER_MS = 10;
/** The usual lag is what so large a share of all looks stay below: a single stall is counted by itself. */
const USUAL_SHARE = 0.95;

/** How late the timers of this process fire, which is how long a busy machine lets a process wait for its turn. */
export class LagMeter {
  private lags: number[] = [];
  private lastMs = performance.now();
  private readonly timer = setInterval(() => this.look(performance.now()), STEP_MS).unref();

  /** Forgets what was before. */
  begin(nowMs = performance.now()): void {
    this.lags = [];
    this.lastMs = nowMs;
  }

  /** Called every `STEP_MS`, and late when the loop is late. */
  look(nowMs: number): void {
    this.lags.push(Math.max(0, nowMs - this.lastMs - STEP_MS));
    this.lastMs = nowMs;
  }

  /** The bound for what takes at most `limitMs` on a machine that has nothing else to do. */
  stretch(limitMs: number, nowMs = performance.now()): number {
    // No time at all is not a bound but a single look.
    if (limitMs === 0) return 0;
    // A stall that goes on has not been looked at yet.
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
 * A bound on time that passes, as long as this test process itself has had to wait for its turn since the test began, or
 * since the file did in a test of `it.concurrent`. How late the product is never counts.
 */
export function withLag(limitMs: number): number {
  return ofThisTest.stretch(limitMs);
}
