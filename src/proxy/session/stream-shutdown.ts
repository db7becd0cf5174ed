import { Injectable } from '@nestjs/common';
import { delay } from './supply/retry-backoff';
import { SessionDirectory } from './session.directory';

const LOOK_MS = 50;

/** The proxy's part of an orderly end. */
@Injectable()
export class StreamShutdown {
  private readonly abort = new AbortController();

  constructor(private readonly sessions: SessionDirectory) {}

  /**
   * Lets nobody new in, feeds those who watch for at most `drainMs`, then resets them and stops every
   * engine session. Resolves when all is stopped; ends early when nobody watches.
   */
  async drain(drainMs: number): Promise<void> {
    this.sessions.close();
    for (let waited = 0; waited < drainMs && this.sessions.limits.count > 0; waited += LOOK_MS) {
      try {
        await delay(Math.min(LOOK_MS, drainMs - waited), this.abort.signal);
      } catch {
        break;
      }
    }
    await this.sessions.endAll('shutdown');
  }

  /** Cuts the drain short, or does without: engines are told at once, as far as there is time. */
  abortNow(): void {
    this.abort.abort();
    this.sessions.close();
    void this.sessions.endAll('shutdown');
  }
}
