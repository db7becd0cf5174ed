import { Deferred } from '../../kernel/deferred';
import type { DemoChannel } from '../drivers/engine-driver.port';
import {
  type EngineLogs,
  type ProvisioningRequest,
  type EngineRuntime,
  type EngineUsage,
  type ForeignEngines,
  RuntimeError,
  type RuntimeErrorCode,
  type RuntimeImage,
  type RuntimeLink,
  type RuntimeListener,
  type ObservedEngine,
} from '../drivers/engine-runtime.port';

/** A running engine as a runtime lists it. */
export function anObservedEngine(over: Partial<ObservedEngine> = {}): ObservedEngine {
  const id = over.id ?? 'e1';
  return {
    id,
    key: `key-of-${id}`,
    name: id,
    phase: 'running',
    phaseDetail: 'running',
    image: 'engine:1',
    imageId: 'image-1',
    specHash: 'now',
    createdAt: new Date(),
    incarnation: 'first',
    endpoint: { host: id, port: 6878 },
    apiPort: null,
    labels: {},
    vpn: null,
    forwardedPort: null,
    ...over,
  };
}

/**
 * A runtime in memory. Everything works at once, unless a test says otherwise: `refuse` makes a call fail, `hold`
 * makes it wait. It keeps the rules of the port and records the calls.
 */
export class ScriptedRuntime implements EngineRuntime {
  readonly kind = 'docker';
  readonly specHash = 'now';
  readonly takesLimits = true;
  removal: string | null = 'remove them';
  readonly profile = 'acestream-http-proxy';
  /** What `foreignEngines` answers. */
  foreign: ForeignEngines[] = [];
  link: RuntimeLink = { state: 'connected', since: new Date(), reason: null };
  image: RuntimeImage = {
    reference: 'engine:1',
    id: 'image-1',
    state: 'present',
    progress: null,
    reason: null,
  };
  /** The content that is pinned. */
  pinned: string | null = null;
  /** What the next refresh finds. */
  newest = 'image-1';
  readonly discarded: string[] = [];

  readonly engines = new Map<string, ObservedEngine>();
  readonly calls: string[] = [];
  readonly requests: ProvisioningRequest[] = [];
  /** The most engines that were being created at a time. */
  mostParallel = 0;
  isClosed = false;
  /** Properties of new engines. */
  template: Partial<ObservedEngine> = {};
  private listener: RuntimeListener | null = null;
  private readonly refusals = new Map<string, RuntimeError>();
  private readonly gates = new Map<string, Deferred<void>>();
  private creating = 0;
  private created = 0;
  private listing = 0;

  /** Every call of this name fails from now on; null: none does. */
  refuse(name: string, code: RuntimeErrorCode | null, message = 'scripted'): void {
    if (code === null) this.refusals.delete(name);
    else this.refusals.set(name, new RuntimeError(code, message));
  }

  /** Calls of this name wait until the returned function is called. */
  hold(name: string): () => void {
    const gate = new Deferred<void>();
    this.gates.set(name, gate);
    return () => {
      this.gates.delete(name);
      gate.resolve();
    };
  }

  add(over: Partial<ObservedEngine>): ObservedEngine {
    const engine = anObservedEngine(over);
    this.engines.set(engine.id, engine);
    return engine;
  }

  change(id: string, over: Partial<ObservedEngine>): void {
    this.engines.set(id, anObservedEngine({ ...this.engines.get(id), ...over }));
    this.hint();
  }

  hint(): void {
    this.listener?.changed();
  }

  vanish(id: string): void {
    this.engines.delete(id);
    this.listener?.vanished(id);
  }

  count(name: string): number {
    return this.calls.filter((call) => call.startsWith(name)).length;
  }

  open(listener: RuntimeListener): void {
    this.listener = listener;
  }

  async foreignEngines(): Promise<ForeignEngines[]> {
    // Not recorded: it concerns engines of other installations.
    const refusal = this.refusals.get('foreignEngines');
    if (refusal !== undefined) throw refusal;
    return Promise.resolve(this.foreign);
  }

  async list(): Promise<ObservedEngine[]> {
    this.listing += 1;
    if (this.listing > 1) throw new Error('two listings at a time');
    try {
      await this.enter('list', 'list');
      return [...this.engines.values()];
    } finally {
      this.listing -= 1;
    }
  }

  async provision(request: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine> {
    this.requests.push(request);
    this.creating += 1;
    this.mostParallel = Math.max(this.mostParallel, this.creating);
    try {
      await this.enter('provision', 'provision', signal);
      signal.throwIfAborted();
      this.created += 1;
      const imageId = this.pinned ?? this.image.id;
      return this.add({ id: `e${this.created}`, imageId, ...this.template, key: request.key });
    } finally {
      this.creating -= 1;
    }
  }

  async refreshImage(): Promise<void> {
    await this.enter('refreshImage', 'refreshImage');
    this.image = { ...this.image, id: this.newest };
  }

  pinImage(id: string | null): void {
    this.pinned = id;
  }

  discardImage(id: string): Promise<void> {
    this.discarded.push(id);
    return Promise.resolve();
  }

  async remove(id: string): Promise<void> {
    await this.enter('remove', `remove ${id}`);
    this.engines.delete(id);
    this.hint();
  }

  async restart(id: string): Promise<void> {
    await this.enter('restart', `restart ${id}`);
    this.change(id, { incarnation: `restarted ${this.calls.length}` });
  }

  async unpause(id: string): Promise<void> {
    await this.enter('unpause', `unpause ${id}`);
    this.change(id, { phase: 'running' });
  }

  async logs(id: string, lines: number): Promise<EngineLogs> {
    await this.enter('logs', `logs ${id}`);
    return { lines: ['one', 'two', 'three'].slice(-lines) };
  }

  async usage(id: string): Promise<EngineUsage> {
    await this.enter('usage', `usage ${id}`);
    return {
      cpuPercent: 5,
      memoryBytes: 1,
      memoryLimitBytes: 0,
      networkRxBytes: 0,
      networkTxBytes: 0,
      blockReadBytes: 0,
      blockWriteBytes: 0,
    };
  }

  demoChannels(): Promise<readonly DemoChannel[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.listener = null;
    return Promise.resolve();
  }

  private async enter(name: string, call: string, signal?: AbortSignal): Promise<void> {
    this.calls.push(call);
    const gate = this.gates.get(name);
    if (gate !== undefined) {
      const aborted = new Deferred<void>();
      signal?.addEventListener('abort', () => aborted.resolve(), { once: true });
      await Promise.race([gate.promise, aborted.promise]);
    } else {
      await Promise.resolve();
    }
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) throw refusal;
  }
}
