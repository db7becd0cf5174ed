import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { monotonicMs } from '../../../kernel/clock';
import { Deferred } from '../../../kernel/deferred';
import { RuntimeError, type ObservedEngine } from '../engine-runtime.port';
import { SimulatorProcess, type SimulatorPorts } from './simulator-process';

/** Label with the port at which faults of a simulated engine are set. */
export const CONTROL_PORT_LABEL = 'acefleet.simulator.control_port';

/** Image and spec hash: every simulated engine is the same program with the same options. */
export const SIMULATOR_IMAGE = 'simulator';

const BACKOFF_FIRST_MS = 250;

/** A process that ran this long did not fail at its start, so the next restart is quick again. */
const STABLE_MS = 30_000;

/**
 * After this many quick ends in a row, the engine gets no further process, and the fleet decides whether to create
 * another engine.
 */
const MAX_FAILURES = 4;

const MAX_LOG_LINES = 1000;

export interface SimulatedEngineOptions {
  readonly id: string;
  readonly key: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Called when `observed` has changed. */
  readonly changed: () => void;
}

/** One simulated engine: a child process that is replaced under the same id when it ends, until it is stopped. */
export class SimulatedEngine {
  private readonly logger = new Logger('SimulatorRuntime');
  private readonly stopping = new AbortController();
  private readonly createdAt = new Date();
  private readonly supervised: Promise<void>;
  private logLines: string[] = [];
  private child: SimulatorProcess | null = null;
  /** Processes that have ended. */
  private ended = 0;
  /** Consecutive processes that ended soon after their start. */
  private failures = 0;
  private ports: SimulatorPorts | null = null;
  private phaseDetail = 'starting';
  private hasListened = false;
  private hasEnded = false;
  /** Settled when the next process listens or no further process follows. */
  private upcoming = new Deferred<void>();

  constructor(private readonly options: SimulatedEngineOptions) {
    this.supervised = this.supervise();
  }

  /**
   * Resolves when the current or the next process listens.
   *
   * @throws RuntimeError `engine_exited` when it ended before that and no process follows
   */
  get listening(): Promise<void> {
    return this.ports === null ? this.upcoming.promise : Promise.resolve();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** The engine as the fleet observes it. Between two processes it counts as running without an address. */
  get observed(): ObservedEngine {
    const { id, key } = this.options;
    const { ports } = this;
    return {
      id,
      key,
      name: id,
      phase: this.hasEnded ? 'ended' : 'running',
      phaseDetail: this.phaseDetail,
      image: SIMULATOR_IMAGE,
      imageId: null,
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

  /** Ends the process and resolves when the next one listens. @throws RuntimeError */
  async restart(): Promise<void> {
    // A requested end is no failure.
    this.failures = -1;
    await this.child?.stop();
    this.ports = null;
    await this.listening;
  }

  resume(): void {
    this.child?.resume();
  }

  /** Ends the engine for good. Resolves when its process is gone. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.child?.stop();
    await this.supervised;
  }

  /** Runs one process after another, with growing pauses. */
  private async supervise(): Promise<void> {
    while (!this.isStopping()) {
      const startedAt = monotonicMs();
      const reason = await this.runOnce();
      if (this.isStopping()) break;
      this.failures = monotonicMs() - startedAt >= STABLE_MS ? 1 : this.failures + 1;
      this.ports = null;
      this.ended += 1;
      this.phaseDetail = reason;
      // When the first process fails, the provisioning request has failed, and the fleet decides what follows.
      this.hasEnded = !this.hasListened || this.failures >= MAX_FAILURES;
      this.options.changed();
      if (this.hasEnded) break;
      const pauseMs = BACKOFF_FIRST_MS * 2 ** Math.max(this.failures - 1, 0);
      this.logger.warn(`${this.options.id}: ${reason}; next start in ${pauseMs} ms`);
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    this.upcoming.reject(new RuntimeError('engine_exited', this.phaseDetail));
  }

  /** Runs one process to its end and returns why it ended. */
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
      this.upcoming = new Deferred();
      changed();
    }
    return child.ended;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}
