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
   * Refuses new viewers, serves the present ones for at most `drainMs`, then resets them and stops every engine
   * session. Resolves when all sessions are stopped, and earlier if no viewer is left.
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
   * Ends the drain early, or replaces it. The sessions are stopped in the background, as far as the process still has
   * time.
   */
  abortNow(): void {
    this.abort.abort();
    this.streams.close();
    void this.streams.endAll('shutdown');
  }
}
