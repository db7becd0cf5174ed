import http from 'node:http';
import { Histogram } from './histogram';
import { httpGet } from './http-get';
import { type ServerUnderTest } from './servers';
import { type Quantiles, quantiles } from './viewer-tally';

const INTERVAL_MS = 50;
const TIMEOUT_MS = 5000;
/** What is asked for when nothing else is said. */
const ENGINES = '/api/v1/engines';

/** How the server's control API answered. */
export interface ControlReport {
  answerMs: Quantiles;
  /** No answer within 5 s, or another status than 200. */
  failed: number;
}

/**
 * Asks the server's own API 20 times a second, each question at its time whether or not the one
 * before was answered: a server that stalls is seen by all the questions it keeps waiting.
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

  /** Asks no more. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** After a stop: waits for the open answers (at most 5 s) and reports. */
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
