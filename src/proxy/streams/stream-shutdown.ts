import { Injectable } from '@nestjs/common';
import { delay } from '../../kernel/wait';
import { StreamRegistry } from './stream-registry';

const POLL_MS = 50;

/** Ends the streams when the process shuts down. */
@Injectable()
export class StreamShutdown {
  private readonly abort = new AbortController();

  constructor(private readonly streams: StreamRegistry) {}

  /**
   * Refuses new viewers and serves the present ones for at most `drainMs`; the wait ends early when no viewer is left.
   * Then resets all connections and stops every engine session. Resolves when all of them are stopped.
   */
  async drain(drainMs: number): Promise<void> {
    this.streams.close();
    for (
      let waitedMs = 0;
      waitedMs < drainMs && this.streams.limits.count > 0;
      waitedMs += POLL_MS
    ) {
      try {
        await delay(Math.min(POLL_MS, drainMs - waitedMs), this.abort.signal);
      } catch {
        break;
      }
    }
    await this.streams.endAll('shutdown');
  }

  /**
   * Ends all streams at once, also while `drain` waits for viewers. Does not wait until the engine sessions are
   * stopped, so some may remain if the process exits soon.
   */
  abortNow(): void {
    this.abort.abort();
    this.streams.close();
    void this.streams.endAll('shutdown');
  }
}
