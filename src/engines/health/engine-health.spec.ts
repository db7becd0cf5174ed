import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { aDescription } from '../testing/engine.spec-support';
import { AceEngineClient } from '../../ace';
import { EventBus } from '../../events';
import { StaticDriver } from '../drivers/static-driver';
import { EngineRegistry } from '../registry/engine-registry';
import type { EngineState } from '../registry/engine.types';
import { LiveConfig, loadConfig } from '../../config';
import type { EnginesConfig } from '../engines-config';
import { EngineHealth } from './engine-health';

/** A minimal engine that answers probes, hangs or denies access, as `mode` says. */
class ScriptedEngine {
  mode: 'answers' | 'hangs' | 'denies' | 'no_network' = 'answers';
  probes = 0;
  readonly server: Server = createServer((req, res) => this.answer(req, res));

  async listen(port = 0): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(req: IncomingMessage, res: ServerResponse): void {
    const isVersion = req.url?.includes('get_version') === true;
    if (isVersion) this.probes += 1;
    if (this.mode === 'hangs') return;
    if (this.mode === 'denies') {
      res.writeHead(500).end('no');
      return;
    }
    const result = isVersion
      ? { code: 3020300, platform: 'linux', version: '3.2.3' }
      : { connected: this.mode === 'answers' };
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ result, error: null }));
  }
}

describe('EngineHealth with real sockets', () => {
  const config = {
    ...loadConfig({}),
    engineProbeIntervalMs: 50,
    engineProbeTimeoutMs: 10_000,
    engineUnhealthyAfter: 3,
  };
  let engine: ScriptedEngine;
  let events: EventBus;
  let registry: EngineRegistry;
  let ace: AceEngineClient;
  let health: EngineHealth;
  let settings: LiveConfig;
  let id: string;

  beforeEach(() => {
    Logger.overrideLogger(false);
    engine = new ScriptedEngine();
    events = new EventBus();
    registry = new EngineRegistry(events);
    ace = new AceEngineClient();
  });

  afterEach(async () => {
    health.onModuleDestroy();
    await ace.close();
    await engine.close();
    events.onApplicationShutdown();
  });

  /** A short timeout for tests that wait until a hanging engine has missed probes. */
  const HASTY = { engineProbeTimeoutMs: 500 };

  async function watch(over: Partial<EnginesConfig> = {}, port?: number): Promise<void> {
    settings = new LiveConfig({ ...config, ...over });
    health = new EngineHealth(settings.values, registry, ace, settings);
    health.onModuleInit();
    const at = port ?? (await engine.listen());
    id = `static-127.0.0.1-${at}`;
    await new StaticDriver([{ host: '127.0.0.1', port: at, apiPort: 62062 }]).start(registry);
  }

  const theEngine = () => registry.get(id)!;

  /** Resolves as soon as the engine reaches the state, or at once if it is in it. */
  function reached(state: EngineState): Promise<void> {
    return new Promise((resolve) => {
      if (theEngine().state === state) {
        resolve();
        return;
      }
      const unsubscribe = registry.subscribe((change) => {
        if (change.kind !== 'moved' || change.engine.state !== state) return;
        unsubscribe();
        resolve();
      });
    });
  }

  function stateOnNextMove(): Promise<EngineState> {
    return new Promise((resolve) => {
      const unsubscribe = registry.subscribe((change) => {
        if (change.kind !== 'moved') return;
        unsubscribe();
        resolve(change.engine.state);
      });
    });
  }

  it('marks an engine as healthy by a complete answer, without waiting for an interval', async () => {
    await watch({ engineProbeIntervalMs: 600_000 });
    expect(theEngine().state).toBe('starting');
    await reached('healthy');
    expect(theEngine()).toMatchObject({
      version: '3.2.3',
      networkConnected: true,
      answered: true,
      apiPort: 62062,
    });
    expect(theEngine().lastSeen).toEqual(theEngine().lastHealthCheck);
  });

  it('marks an engine that accepts and never answers as unhealthy after three probes, and detects its recovery', async () => {
    const asked = jest.spyOn(ace, 'probe');
    await watch(HASTY);
    await reached('healthy');
    engine.mode = 'hangs';
    const before = asked.mock.calls.length;
    await reached('suspect');
    await reached('unhealthy');
    expect(asked.mock.calls.length - before).toBe(3);
    expect(theEngine().answered).toBe(false);
    expect(theEngine().lastSeen!.getTime()).toBeLessThan(theEngine().lastHealthCheck!.getTime());
    engine.mode = 'answers';
    await reached('healthy');
  });

  it('marks an engine that hangs from the start as unhealthy', async () => {
    engine.mode = 'hangs';
    const asked = jest.spyOn(ace, 'probe');
    await watch(HASTY);
    await reached('unhealthy');
    expect(asked).toHaveBeenCalledTimes(3);
    expect(theEngine().lastSeen).toBeNull();
  });

  it('counts a refused connection as a miss, and detects a later start of the engine', async () => {
    const port = await engine.listen();
    await engine.close();
    await watch({}, port);
    await reached('unhealthy');
    engine = new ScriptedEngine();
    await engine.listen(port);
    await reached('healthy');
  });

  it('counts an error as a miss, and counts from zero after an answer', async () => {
    await watch();
    await reached('healthy');
    engine.mode = 'denies';
    await reached('suspect');
    engine.mode = 'answers';
    await reached('healthy');
    engine.mode = 'denies';
    const before = engine.probes;
    await reached('unhealthy');
    expect(engine.probes - before).toBe(3);
  });

  it('marks an unhealthy engine as healthy after three answers in a row to probes in quick succession', async () => {
    await watch({ engineProbeIntervalMs: 600_000, engineUnhealthyAfter: 1 });
    await reached('healthy');
    engine.mode = 'denies';
    health.complain(id, 'reset');
    await reached('unhealthy');
    engine.mode = 'answers';
    const before = engine.probes;
    await reached('healthy');
    expect(engine.probes - before).toBe(3);
  });

  it('follows changes of ENGINE_PROBE_INTERVAL in a pause that is running', async () => {
    await watch({ engineProbeIntervalMs: 600_000 });
    await reached('healthy');
    engine.mode = 'denies';
    settings.apply({ engineProbeIntervalMs: 50 });
    await reached('suspect');
  });

  it('follows changes of ENGINE_PROBE_TIMEOUT and ENGINE_UNHEALTHY_AFTER', async () => {
    await watch({ engineProbeTimeoutMs: 600_000, engineUnhealthyAfter: 100 });
    await reached('healthy');
    settings.apply({ engineProbeTimeoutMs: 200, engineUnhealthyAfter: 1 });
    engine.mode = 'hangs';
    await reached('unhealthy');
  });

  it('keeps a new process in the state starting until its start budget is over', async () => {
    const port = await engine.listen();
    engine.mode = 'denies';
    health = new EngineHealth(config, registry, ace, new LiveConfig(config));
    health.onModuleInit();
    id = 'made';
    const description = aDescription(id, { endpoint: { host: '127.0.0.1', port } });
    registry.announce(description, 2000);
    expect(await stateOnNextMove()).toBe('unhealthy');
    expect(engine.probes).toBeGreaterThan(3);
    registry.announce(description, 60_000);
    const before = engine.probes;
    while (engine.probes < before + 5) await once(engine.server, 'request');
    expect(theEngine()).toMatchObject({ state: 'starting', hasStarted: false });
    engine.mode = 'answers';
    await reached('healthy');
    expect(theEngine().hasStarted).toBe(true);
  });

  it('keeps an engine without network healthy, and records that it has none', async () => {
    engine.mode = 'no_network';
    await watch();
    await reached('healthy');
    expect(theEngine().networkConnected).toBe(false);
  });

  it('marks an engine as suspect when a stream complains, and probes it before the interval is over', async () => {
    await watch({ engineProbeIntervalMs: 600_000 });
    await reached('healthy');
    health.complain(id, 'silence');
    expect(theEngine().state).toBe('suspect');
    expect(await stateOnNextMove()).toBe('healthy');
    expect(engine.probes).toBe(2);
    health.complain('static-unknown-1', 'reset');
  });

  it('reports whether an engine answers now, within the given time', async () => {
    await watch({ engineProbeIntervalMs: 600_000, engineProbeTimeoutMs: 60_000 });
    await reached('healthy');
    expect(await health.answersNow(id, 60_000)).toBe(true);
    engine.mode = 'hangs';
    // The last probe counts as current for 1 s.
    for (;;) if (!(await health.answersNow(id, 50))) break;
    expect(theEngine().state).toBe('healthy');
    expect(await health.answersNow('static-unknown-1', 60_000)).toBe(false);
  });

  it('does not change the state of a draining engine, and probes it at once after the drain', async () => {
    await watch({ engineProbeIntervalMs: 600_000 });
    await reached('healthy');
    registry.drain(theEngine(), 'maintenance');
    health.complain(id, 'reset');
    expect(theEngine().state).toBe('draining');
    registry.undrain(theEngine());
    await reached('healthy');
  });

  it('ignores the probe of an address that became void meanwhile', async () => {
    engine.mode = 'hangs';
    const asked = jest.spyOn(ace, 'probe');
    await watch({});
    await once(engine.server, 'request');
    registry.lose(id, 'process exited with code 1');
    await engine.close();
    await expect(asked.mock.results[0]!.value).rejects.toThrow();
    expect(theEngine().lastHealthCheck).toBeNull();
    expect(theEngine().state).toBe('starting');
  });
});
