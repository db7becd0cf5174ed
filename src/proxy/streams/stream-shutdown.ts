import { Injectable } from '@nestjs/common';
import { delay } from '../../kernel/wait';
import { StreamRegistry } from './stream-registry';

const LOOK_MS = 50;

/** The proxy's part of an orderly end. */
@Injectable()
export class StreamShutdown {
  private readonly abort = new AbortController();

  constructor(private readonly streams: StreamRegistry) {}

  /**
   * Lets nobody new in, feeds those who watch for at most `drainMs`, then resets them and stops every
   * engine session. Resolves when all is stopped; ends early when nobody watches.
   */
  async drain(drainMs: number): Promise<void> {
    this.streams.close();
    for (let waited = 0; waited < drainMs && this.streams.limits.count > 0; waited += LOOK_MS) {
      try {
        await delay(Math.min(LOOK_MS, drainMs - waited), this.abort.signal);
      } catch {
        break;
      }
    }
    await this.streams.endAll('shutdown');
  }

  /** Cuts the drain short, or does without: engines are told at once, as far as there is time. */
  abortNow(): void {
    this.abort.abort();
    this.streams.close();
    void this.streams.endAll('shutdown');
  }
}
