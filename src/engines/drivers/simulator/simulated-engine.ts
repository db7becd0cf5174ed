import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { monotonicMs } from '../../../kernel/clock';
import { Settleable } from '../../../kernel/settleable';
import { RuntimeError, type ObservedEngine } from '../engine-runtime.port';
import { SimulatorProcess, type SimulatorPorts } from './simulator.process';

/** Label that tells where the faults of a simulated engine are set. */
export const CONTROL_PORT_LABEL = 'acefleet.simulator.control_port';

/** Its image and its settings: every simulated engine is made of the same program with the same options. */
export const SIMULATOR_IMAGE = 'simulator';

const BACK_OFF_FIRST_MS = 250;

/** Who ran this long did not fail at its start; the next restart is quick again. */
const STABLE_MS = 30_000;

/** An engine that ended this often right after a restart is given up; the fleet makes another one. */
const MOST_FAILURES = 4;

const MAX_LOG_LINES = 1000;

export interface SimulatedEngineOptions {
  readonly id: string;
  readonly key: string;
  readonly script: string;
  readonly args: readonly string[];
  /** What can be seen of it has changed. */
  readonly changed: () => void;
}

/** One simulated engine: a child process, and after it the next one under the same id, until it is stopped. */
export class SimulatedEngine {
  private readonly logger = new Logger('SimulatorRuntime');
  private readonly stopping = new AbortController();
  private readonly createdAt = new Date();
  private readonly supervised: Promise<void>;
  private logLines: string[] = [];
  private child: SimulatorProcess | null = null;
  /** Processes that have ended. */
  private ended = 0;
  /** Processes in a row that ended soon after their start. */
  private failures = 0;
  private ports: SimulatorPorts | null = null;
  private phaseDetail = 'starting';
  private hasListened = false;
  private hasEnded = false;
  /** Settled when the next process listens, or none follows any more. */
  private upcoming = new Settleable<void>();

  constructor(private readonly options: SimulatedEngineOptions) {
    this.supervised = this.supervise();
  }

  /**
   * Resolves when its present or next process listens.
   *
   * @throws RuntimeError `engine_exited` when it ended before, and none follows
   */
  get listening(): Promise<void> {
    return this.ports === null ? this.upcoming.promise : Promise.resolve();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** As others see it. While a process is followed by the next one it runs, and has no address. */
  get seen(): ObservedEngine {
    const { id, key } = this.options;
    const { ports } = this;
    return {
      id,
      key,
      name: id,
      phase: this.hasEnded ? 'ended' : 'running',
      phaseDetail: this.phaseDetail,
      image: SIMULATOR_IMAGE,
      specHash: SIMULATOR_IMAGE,
      createdAt: this.createdAt,
      incarnation: `${id}/${this.ended}`,
      endpoint: ports === null ? null : { host: '127.0.0.1', port: ports.httpPort },
      apiPort: null,
      labels: ports === null ? {} : { [CONTROL_PORT_LABEL]: String(ports.controlPort) },
      vpn: null,
      forwardedPort: null,
    };
  }

  lines(count: number): readonly string[] {
    return count <= 0 ? [] : this.logLines.slice(-count);
  }

  /** Ends the process, and resolves when the next one listens. @throws RuntimeError */
  async restart(): Promise<void> {
    // An end that is asked for is no failure.
    this.failures = -1;
    await this.child?.stop();
    this.ports = null;
    await this.listening;
  }

  resume(): void {
    this.child?.resume();
  }

  /** Ends it for good; resolves when its process is gone. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.child?.stop();
    await this.supervised;
  }

  /** Process after process, with a pause between them that grows. */
  private async supervise(): Promise<void> {
    while (!this.isStopping()) {
      const startedAt = monotonicMs();
      const reason = await this.runOnce();
      if (this.isStopping()) break;
      this.failures = monotonicMs() - startedAt >= STABLE_MS ? 1 : this.failures + 1;
      this.ports = null;
      this.ended += 1;
      this.phaseDetail = reason;
      // The first process is an order that failed, and the fleet's to judge.
      this.hasEnded = !this.hasListened || this.failures >= MOST_FAILURES;
      this.options.changed();
      if (this.hasEnded) break;
      const pauseMs = BACK_OFF_FIRST_MS * 2 ** Math.max(this.failures - 1, 0);
      this.logger.warn(`${this.options.id}: ${reason}; next start in ${pauseMs} ms`);
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    this.upcoming.reject(new RuntimeError('engine_exited', this.phaseDetail));
  }

  /** One process from start to end; returns why it ended. */
  private async runOnce(): Promise<string> {
    const { id, script, args, changed } = this.options;
    const child = new SimulatorProcess({
      script,
      args,
      name: id,
      onLine: (line) => (this.logLines = [...this.logLines, line].slice(-MAX_LOG_LINES)),
    });
    this.child = child;
    const ports = await child.listening;
    if (ports !== null && !this.isStopping()) {
      this.hasListened = true;
      this.ports = ports;
      this.phaseDetail = 'running';
      this.upcoming.resolve();
      this.upcoming = new Settleable();
      changed();
    }
    return child.ended;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}
