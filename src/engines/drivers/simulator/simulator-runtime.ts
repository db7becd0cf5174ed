import { existsSync } from 'node:fs';
import { EngineDriverError, type DemoChannel } from '../engine-driver.port';
import {
  type EngineLogs,
  type ProvisioningRequest,
  type EngineRuntime,
  type EngineUsage,
  RuntimeError,
  type RuntimeImage,
  type RuntimeLink,
  type RuntimeListener,
  type ObservedEngine,
} from '../engine-runtime.port';
import { readDemoChannels } from './demo-channels';
import { readProcessUsage } from './process-usage';
import { SIMULATOR_IMAGE, SimulatedEngine } from './simulated-engine';

export interface SimulatorOptions {
  /** Path of the simulator's main script. */
  readonly script: string;
  /** True if any content id plays. Otherwise only the demo channels play, and other ids are unknown content. */
  readonly playsAnyContent: boolean;
}

/** Simulated engines, one child process each: `sim-1`, `sim-2`, …, with the lowest free number. */
export class SimulatorRuntime implements EngineRuntime {
  readonly kind = 'simulator';
  readonly specHash = SIMULATOR_IMAGE;
  readonly takesLimits = false;
  readonly removal = null;
  readonly profile = null;
  readonly link: RuntimeLink = { state: 'connected', since: new Date(), reason: null };
  readonly image: RuntimeImage = {
    reference: SIMULATOR_IMAGE,
    id: null,
    state: 'present',
    progress: null,
    reason: null,
  };

  private readonly engines = new Map<string, SimulatedEngine>();
  private listener: RuntimeListener | null = null;
  private isClosed = false;

  constructor(private readonly options: SimulatorOptions) {}

  /** @throws EngineDriverError when the simulator's script is missing */
  open(listener: RuntimeListener): void {
    const { script } = this.options;
    if (!existsSync(script)) {
      throw new EngineDriverError(`the engine simulator is not built: ${script} is missing`);
    }
    this.listener = listener;
  }

  list(): Promise<ObservedEngine[]> {
    return Promise.resolve([...this.engines.values()].map(({ observed }) => observed));
  }

  foreignEngines(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  async provision({ key }: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine> {
    signal.throwIfAborted();
    if (this.isClosed) throw new RuntimeError('runtime_refused', 'the simulator is closed');
    const id = this.freeId();
    const engine = new SimulatedEngine({
      id,
      key,
      script: this.options.script,
      args: this.argumentsOf(id),
      changed: () => this.listener?.changed(),
    });
    this.engines.set(id, engine);
    const abort = (): void => void engine.stop();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await engine.listening;
      return engine.observed;
    } catch (error) {
      await engine.stop();
      this.engines.delete(id);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Simulated engines have no image. */
  refreshImage(): Promise<void> {
    return Promise.resolve();
  }

  pinImage(): void {
    // Simulated engines have no image.
  }

  discardImage(): Promise<void> {
    return Promise.resolve();
  }

  async remove(engineId: string): Promise<void> {
    const engine = this.engines.get(engineId);
    await engine?.stop();
    if (this.engines.get(engineId) === engine) this.engines.delete(engineId);
  }

  async restart(engineId: string): Promise<void> {
    await this.engine(engineId).restart();
  }

  /** @throws RuntimeError */
  async unpause(engineId: string): Promise<void> {
    this.engine(engineId).resume();
    await Promise.resolve();
  }

  /** @throws RuntimeError */
  async logs(engineId: string, lines: number): Promise<EngineLogs> {
    return Promise.resolve({ lines: this.engine(engineId).lines(lines) });
  }

  async usage(engineId: string): Promise<EngineUsage> {
    const { pid } = this.engine(engineId);
    if (pid === undefined) throw new RuntimeError('runtime_refused', 'its process does not run');
    return readProcessUsage(pid);
  }

  demoChannels(): Promise<readonly DemoChannel[]> {
    return readDemoChannels(this.options.script);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.listener = null;
    await Promise.all([...this.engines.values()].map((engine) => engine.stop()));
    this.engines.clear();
  }

  private engine(id: string): SimulatedEngine {
    const engine = this.engines.get(id);
    if (engine === undefined) throw new RuntimeError('runtime_refused', `there is no engine ${id}`);
    return engine;
  }

  private freeId(): string {
    let number = 1;
    while (this.engines.has(`sim-${number}`)) number += 1;
    return `sim-${number}`;
  }

  private argumentsOf(id: string): string[] {
    const args = ['--http-port', '0', '--control-port', '0', '--exit-with-parent', '--name', id];
    return this.options.playsAnyContent ? [...args, '--any-content'] : args;
  }
}
