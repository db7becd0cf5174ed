import { access } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { monotonicMs } from '../../../kernel/clock';
import type { EngineDescription } from '../../engine.types';
import {
  type DemoChannel,
  type EngineDriver,
  EngineDriverError,
  type EngineSink,
} from '../engine-driver.port';
import { readDemoChannels } from './demo-channels';
import { SimulatorProcess, type SimulatorPorts } from './simulator.process';

export interface SimulatorOptions {
  /** Path of the simulator's main script. */
  readonly script: string;
  /** How many engines to run. */
  readonly replicas: number;
  /** True: any id plays. False: only the demo channels, all else is unknown content. */
  readonly playsAnyContent: boolean;
}

/** Label that tells where the faults of a simulated engine are set. */
export const CONTROL_PORT_LABEL = 'acefleet.simulator.control_port';

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_LONGEST_MS = 10_000;

/** Who ran this long did not fail at its start; the next restart is quick again. */
const STABLE_MS = 30_000;

/** An engine that failed this often at its start is not expected any more; it is still tried. */
const EXPECTED_FAILURES = 3;

/** Simulated engines, one child process each, `sim-1` to `sim-N`, restarted when they die. */
export class SimulatorDriver implements EngineDriver {
  readonly kind = 'simulator';

  private readonly logger = new Logger(SimulatorDriver.name);
  private readonly stopping = new AbortController();
  private readonly processes = new Set<SimulatorProcess>();
  private supervisors: Promise<void>[] = [];
  /** Engines whose first start is under way; who fails it again and again is not waited for. */
  private readonly expected = new Set<string>();

  constructor(private readonly options: SimulatorOptions) {}

  /** The pool is fixed; but while it comes up, a viewer who finds the first engines full is not refused. */
  get canGrow(): boolean {
    return this.expected.size > 0;
  }

  /** @throws EngineDriverError when the simulator's script is not there */
  async start(sink: EngineSink): Promise<void> {
    const { script, replicas } = this.options;
    try {
      await access(script);
    } catch (cause) {
      throw new EngineDriverError(`the engine simulator is not built: ${script} is missing`, {
        cause,
      });
    }
    const ids = Array.from({ length: replicas }, (_, index) => `sim-${index + 1}`);
    for (const id of ids) this.expected.add(id);
    this.supervisors = ids.map((id) => this.supervise(id, sink));
  }

  demoChannels(): Promise<DemoChannel[]> {
    return readDemoChannels(this.options.script);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.processes].map((child) => child.stop()));
    await Promise.all(this.supervisors);
  }

  /** Runs one engine until the driver stops: process after process, with back-off between them. */
  private async supervise(id: string, sink: EngineSink): Promise<void> {
    let failures = 0;
    while (!this.isStopping()) {
      const startedAt = monotonicMs();
      const reason = await this.runOnce(id, sink);
      if (this.isStopping()) return;
      sink.lose(id, reason);
      failures = monotonicMs() - startedAt >= STABLE_MS ? 1 : failures + 1;
      if (failures >= EXPECTED_FAILURES) this.expected.delete(id);
      const backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (failures - 1), BACK_OFF_LONGEST_MS);
      this.logger.warn(`${id}: ${reason}; next start in ${backOffMs} ms`);
      await delay(backOffMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** One process from start to end; returns why it ended. */
  private async runOnce(id: string, sink: EngineSink): Promise<string> {
    const child = new SimulatorProcess({
      script: this.options.script,
      args: this.argumentsOf(id),
      name: id,
    });
    this.processes.add(child);
    const ports = await child.listening;
    if (ports !== null && !this.isStopping()) {
      sink.announce(describe(id, ports));
      this.expected.delete(id);
    }
    const reason = await child.ended;
    this.processes.delete(child);
    return reason;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private argumentsOf(id: string): string[] {
    const args = ['--http-port', '0', '--control-port', '0', '--exit-with-parent', '--name', id];
    return this.options.playsAnyContent ? [...args, '--any-content'] : args;
  }
}

function describe(id: string, ports: SimulatorPorts): EngineDescription {
  return {
    id,
    name: id,
    endpoint: { host: '127.0.0.1', port: ports.httpPort },
    apiPort: null,
    labels: { [CONTROL_PORT_LABEL]: String(ports.controlPort) },
    forwarded: false,
    vpn: null,
  };
}
