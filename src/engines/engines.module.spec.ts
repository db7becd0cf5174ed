import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Logger, Module, ValidationPipe } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ConfigModule, LiveConfig, loadConfig } from '../config';
import { Jobs } from '../coordination';
import { EventLog, EventsModule } from '../events';
import { MetricsModule, MetricsRegistry } from '../metrics';
import { DataFolder, StorageModule } from '../storage';
import { EngineScheduler, EngineRegistry, EnginesModule, EngineSupply } from './index';
import { EnginesController } from './http/engines.controller';

/** Jobs that never run. */
@Global()
@Module({
  providers: [{ provide: Jobs, useValue: { every: () => undefined } }],
  exports: [Jobs],
})
class IdleJobsModule {}

/** The module as the application wires it, in front of one scripted engine with a real socket. */
describe('EnginesModule', () => {
  let engine: Server;
  let port: number;
  let id: string;
  let app: NestFastifyApplication;
  let folder: DataFolder;
  let path: string;

  beforeEach(async () => {
    engine = createServer((req, res) => {
      const isVersion = req.url?.includes('get_version') === true;
      const result = isVersion ? { version: '3.2.3' } : { connected: true };
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify({ result, error: null }));
    }).listen(0, '127.0.0.1');
    await once(engine, 'listening');
    port = (engine.address() as AddressInfo).port;
    id = `static-127.0.0.1-${port}`;
    const config = loadConfig({ ENGINE_ADDRESSES: `127.0.0.1:${port}:62062` });

    path = mkdtempSync(join(tmpdir(), 'engines-module-'));
    folder = new DataFolder(path);
    const testing = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(new LiveConfig(config)),
        StorageModule.forRoot(folder),
        IdleJobsModule,
        EventsModule,
        MetricsModule,
        EnginesModule.forRoot(config),
      ],
    }).compile();
    Logger.overrideLogger(false);
    app = testing.createNestApplication(new FastifyAdapter());
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
    await app.init();
    await isHealthy();
  });

  afterEach(async () => {
    await app.close();
    await folder.close();
    rmSync(path, { recursive: true });
    engine.closeAllConnections();
    await new Promise((resolve) => engine.close(resolve));
  });

  function isHealthy(): Promise<void> {
    const registry = app.get(EngineRegistry);
    return new Promise((resolve) => {
      const look = () => {
        if (registry.get(id)?.state !== 'healthy') return;
        unsubscribe();
        resolve();
      };
      const unsubscribe = registry.subscribe(look);
      look();
    });
  }

  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
    app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });

  const aLease = () =>
    app.get(EngineScheduler).acquire({
      holder: app.get(EngineScheduler).holder('content_id:1:0'),
      class: 'start',
      excluded: new Set(),
      signal: new AbortController().signal,
    });

  it('lists engines at both addresses, with every promised field', async () => {
    await aLease();
    for (const url of ['/engines', '/api/v1/engines']) {
      const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
      expect((await ask('GET', url)).json()).toEqual([
        {
          id,
          container_id: id,
          container_name: id,
          host: '127.0.0.1',
          port,
          api_port: 62062,
          state: 'healthy',
          health_status: 'healthy',
          forwarded: false,
          vpn: null,
          streams: ['content_id:1:0'],
          max_streams: 3,
          labels: {},
          version: '3.2.3',
          first_seen: time,
          last_seen: time,
          last_stream_usage: time,
          last_health_check: time,
          drain_reason: null,
          drain_detail: null,
          drained_by: null,
          starts: 1,
        },
      ]);
    }
  });

  it('shows one engine, and knows no other', async () => {
    expect((await ask('GET', `/engines/${id}`)).json()).toMatchObject({ id });
    expect(() => app.get(EnginesController).one('sim-9')).toThrow(
      expect.objectContaining({ code: 'not_found', status: 404 }),
    );
  });

  it('explains the choice', async () => {
    const lease = await aLease();
    expect((await ask('GET', '/api/v1/engines/selection')).json()).toEqual({
      chosen: id,
      weights: { forwarded: 1000, active_stream: -10, unhealthy: -1000, suspect: -500 },
      criteria: expect.arrayContaining([
        {
          name: 'active_streams',
          setting: 'SELECTION_WEIGHT_ACTIVE_STREAM',
          weight: -10,
          explanation: expect.stringMatching(/slot in use/),
        },
      ]),
      engines: [
        {
          id,
          state: 'healthy',
          chosen: true,
          filters: [],
          scores: [
            { name: 'forwarded', value: 0 },
            { name: 'active_streams', value: -10 },
            { name: 'unhealthy', value: 0 },
            { name: 'suspect', value: 0 },
            { name: 'network_disconnected', value: 0 },
          ],
          total: -10,
          active_streams: 1,
          max_streams: 3,
        },
      ],
    });
    lease.release();
  });

  it('drains an engine and puts it back, leaving its streams alone', async () => {
    await aLease();
    const drained = await ask('POST', `/engines/${id}/drain`, { reason: 'new disk' });
    expect([drained.statusCode, drained.json()]).toMatchObject([
      200,
      {
        state: 'draining',
        drain_reason: 'operator',
        drain_detail: 'new disk',
        streams: ['content_id:1:0'],
      },
    ]);
    expect((await ask('GET', '/engines/selection')).json()).toMatchObject({
      chosen: null,
      engines: [{ filters: ['draining'] }],
    });
    await expect(aLease()).rejects.toMatchObject({ code: 'no_engine' });
    const back = await ask('DELETE', `/engines/${id}/drain`);
    expect(back.json()).toMatchObject({ state: 'starting', drain_reason: null });
    await isHealthy();
  });

  it('does not put back what the fleet drains, which may be about to be removed', async () => {
    const registry = app.get(EngineRegistry);
    const engine = registry.get(id)!;
    registry.drain(engine, 'it is replaced', 'fleet');
    expect(() => app.get(EnginesController).undrain(id)).toThrow(
      expect.objectContaining({ code: 'conflict', status: 409 }),
    );
    expect((await ask('GET', `/engines/${id}`)).json()).toMatchObject({ state: 'draining' });
    registry.undrain(engine);
    await isHealthy();
  });

  it('drains without a reason too, and refuses a wrong one', async () => {
    expect((await ask('POST', `/engines/${id}/drain`)).json()).toMatchObject({
      drain_reason: 'operator',
      drain_detail: 'requested by an operator',
    });
    for (const reason of ['', 'x'.repeat(201), 7]) {
      expect((await ask('POST', `/engines/${id}/drain`, { reason })).statusCode).toBe(400);
    }
  });

  it('counts engines by state, also where there are none', async () => {
    const text = await app.get(MetricsRegistry).registry.metrics();
    const lines = text.split('\n').filter((line) => line.startsWith('engines{'));
    expect(lines).toEqual([
      'engines{state="starting"} 0',
      'engines{state="healthy"} 1',
      'engines{state="suspect"} 0',
      'engines{state="unhealthy"} 0',
      'engines{state="draining"} 0',
      'engines{state="gone"} 0',
    ]);
  });

  it('leaves its events in the log, and tells which driver runs and why', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const { events } = await app.get(EventLog).find({}, 10, 'oldest');
    expect(events.map(({ type }) => type)).toEqual(['engine_added', 'engine_state_changed']);
    expect(app.get(EngineSupply).chosen).toMatchObject({
      kind: 'static',
      why: 'ENGINE_ADDRESSES is set',
    });
    expect(await app.get(EngineSupply).demoChannels()).toEqual([]);
  });
});
