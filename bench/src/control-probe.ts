import http from 'node:http';
import { Histogram } from './histogram';
import { httpGet } from './http-get';
import { type ServerUnderTest } from './servers';
import { type Quantiles, quantiles } from './viewer-tally';

const INTERVAL_MS = 50;
const TIMEOUT_MS = 5000;
/** The default path. */
const ENGINES = '/api/v1/engines';

/** Response times of the server's control API. */
export interface ControlReport {
  answerMs: Quantiles;
  /** No response within 5 s, or another status than 200. */
  failed: number;
}

/**
 * Calls the server's API 20 times a second. Each request is sent at its time whether or not the previous one was
 * answered, so a stall of the server shows in all requests that it delays.
 */
export class ControlProbe {
  private readonly agent = new http.Agent({ keepAlive: true });
  private readonly answerMs = new Histogram();
  private readonly timer: NodeJS.Timeout;
  private readonly open = new Set<Promise<void>>();
  private failed = 0;

  constructor(
    private readonly server: ServerUnderTest,
    private readonly path = ENGINES,
  ) {
    this.timer = setInterval(() => this.ask(), INTERVAL_MS);
  }

  /** Sends no more requests. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** After `stop`: waits for the open responses (at most 5 s) and reports. */
  async report(): Promise<ControlReport> {
    await Promise.all(this.open);
    this.agent.destroy();
    return { answerMs: quantiles(this.answerMs), failed: this.failed };
  }

  private ask(): void {
    const question = this.time().finally(() => this.open.delete(question));
    this.open.add(question);
  }

  private async time(): Promise<void> {
    const askedAt = performance.now();
    const options = { headers: this.server.headers, agent: this.agent, timeoutMs: TIMEOUT_MS };
    try {
      const answer = await httpGet(this.server.port, this.path, options);
      if (answer.status === 200) this.answerMs.add(performance.now() - askedAt);
      else this.failed++;
    } catch {
      this.failed++;
    }
  }
}
