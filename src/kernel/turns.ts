import { monotonicMs } from './clock';

/** Short against the time within which media must be passed on to viewers. */
const TURN_MS = 8;

/** Divides a long computation into turns of the event loop: `if (turns.isOver) await turns.next();`. */
export class Turns {
  private sinceMs = monotonicMs();

  /** True if the computation has had the event loop for long enough. */
  get isOver(): boolean {
    return monotonicMs() - this.sinceMs >= TURN_MS;
  }

  /** Lets everything else that waits for the event loop run. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.sinceMs = monotonicMs();
  }
}
