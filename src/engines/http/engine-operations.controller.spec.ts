import 'reflect-metadata';
import { AppError } from '../../kernel/errors';
import type { ObservedEngine } from '../drivers/engine-runtime.port';
import { ContainersController } from './containers.controller';
import { EngineOperationsController } from './engine-operations.controller';
import { aStaticStatus, FleetApi } from './fleet-api.spec-support';

const SEEN: ObservedEngine = {
  id: 'c1',
  key: '0123456789ab',
  name: 'engine-1',
  phase: 'running',
  phaseDetail: 'up',
  image: 'engine:1',
  imageId: 'sha256:1',
  specHash: 'feed',
  createdAt: new Date('2026-01-02T03:04:05Z'),
  incarnation: '1',
  endpoint: { host: '172.17.0.2', port: 6878 },
  apiPort: 62_062,
  labels: { 'x.instance': 'a' },
  vpn: null,
  forwardedPort: null,
};

/** Every operation on one engine: method, address and the call that it becomes. */
const OPERATIONS = [
  ['DELETE', '/engines/c1', 'remove'],
  ['POST', '/engines/c1/restart', 'restart'],
  ['GET', '/engines/c1/logs', 'logs'],
  ['GET', '/engines/c1/stats', 'usage'],
  ['GET', '/containers/c1', 'observed'],
  ['DELETE', '/containers/c1', 'remove'],
  ['GET', '/containers/c1/logs', 'logs'],
] as const;

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

describe('what can be done to one engine', () => {
  let api: FleetApi;

  beforeEach(async () => {
    api = await new FleetApi().listen(EngineOperationsController, ContainersController);
  });
  afterEach(() => api.close());

  function scriptAll(throwing: (() => never) | null = null): void {
    const usage = {
      cpuPercent: 12.3456,
      memoryBytes: 300,
      memoryLimitBytes: 700,
      networkRxBytes: 1,
      networkTxBytes: 2,
      blockReadBytes: 3,
      blockWriteBytes: 4,
    };
    api.fleet.script = {
      remove: throwing ?? (() => undefined),
      restart: throwing ?? (async () => undefined),
      logs: throwing ?? (async () => ({ lines: ['one', '', 'three'] })),
      usage: throwing ?? (async () => usage),
      observed: throwing ?? (() => SEEN),
    };
  }

  it.each(['', '/api/v1'])('is done under %j/', async (prefix) => {
    scriptAll();
    for (const [method, path, call] of OPERATIONS) {
      const before = api.fleet.asked.length;
      const { status } = await api.ask(method, prefix + path);
      expect([path, status]).toEqual([path, call === 'remove' ? 202 : 200]);
      expect(api.fleet.asked.slice(before).map(([name, id]) => [name, id])).toEqual([[call, 'c1']]);
    }
  });

  it('is under way, or done, as the answer says', async () => {
    scriptAll();
    for (const path of ['/engines/c1', '/containers/c1']) {
      expect((await api.ask('DELETE', path)).body).toEqual({
        status: 'removing',
        container_id: 'c1',
      });
    }
    expect((await api.ask('POST', '/engines/c1/restart')).body).toEqual({
      status: 'restarted',
      container_id: 'c1',
    });
  });

  it('answers a restart when it is done', async () => {
    let finish!: () => void;
    api.fleet.script.restart = () => new Promise((resolve) => (finish = resolve));
    let isAnswered = false;
    const answer = api.ask('POST', '/engines/c1/restart').then((it) => {
      isAnswered = true;
      return it;
    });
    while (api.fleet.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    finish();
    expect((await answer).status).toBe(200);
  });

  it('shows what it uses, in bytes and per cent', async () => {
    scriptAll();
    expect((await api.ask('GET', '/engines/c1/stats')).body).toEqual({
      container_id: 'c1',
      cpu_percent: 12.35,
      memory_usage_bytes: 300,
      memory_limit_bytes: 700,
      memory_percent: 42.86,
      network_rx_bytes: 1,
      network_tx_bytes: 2,
      block_read_bytes: 3,
      block_write_bytes: 4,
      fetched_at: TIME,
    });
    const usage = await api.fleet.usage('c1');
    api.fleet.script.usage = async () => ({ ...usage, memoryLimitBytes: 0 });
    expect((await api.ask('GET', '/engines/c1/stats')).body).toMatchObject({
      memory_limit_bytes: null,
      memory_percent: null,
    });
  });

  it('shows its container: no environment, no more than this', async () => {
    scriptAll();
    expect((await api.ask('GET', '/containers/c1')).body).toEqual({
      id: 'c1',
      name: 'engine-1',
      image: 'engine:1',
      created: '2026-01-02T03:04:05.000Z',
      status: 'running',
      status_detail: 'up',
      labels: { 'x.instance': 'a' },
      ports: { http: 6878, api: 62_062 },
    });
    api.fleet.script.observed = () => ({ ...SEEN, phase: 'ended', endpoint: null, apiPort: null });
    expect((await api.ask('GET', '/containers/c1')).body).toMatchObject({
      status: 'exited',
      ports: { http: null, api: null },
    });
  });

  describe('logs', () => {
    it('are one text and the number of its lines', async () => {
      scriptAll();
      for (const path of ['/engines/c1/logs', '/containers/c1/logs']) {
        expect((await api.ask('GET', path)).body).toEqual({
          container_id: 'c1',
          lines: 3,
          logs: 'one\n\nthree',
          fetched_at: TIME,
        });
      }
      api.fleet.script.logs = async () => ({ lines: [] });
      expect((await api.ask('GET', '/engines/c1/logs')).body).toMatchObject({ lines: 0, logs: '' });
    });

    it.each([
      ['', 200],
      ['?lines=1', 1],
      ['?lines=2000', 2000],
      ['?tail=50', 50],
      ['?tail=50&lines=70', 70],
    ])('%s are %d lines', async (query, lines) => {
      scriptAll();
      await api.ask('GET', `/engines/c1/logs${query}`);
      expect(api.fleet.asked).toEqual([['logs', 'c1', lines]]);
    });

    it.each([
      '?lines=0',
      '?lines=-1',
      '?lines=2001',
      '?lines=1.5',
      '?lines=all',
      '?lines=1&lines=2',
      '?tail=2001',
      '?follow=true',
    ])('%s are refused', async (query) => {
      scriptAll();
      for (const room of ['engines', 'containers']) {
        const { status, body } = await api.ask('GET', `/${room}/c1/logs${query}`);
        expect([status, body.code]).toEqual([400, 'invalid_request']);
      }
      expect(api.fleet.asked).toEqual([]);
    });
  });

  it.each(['not_found', 'not_managed', 'docker_unavailable', 'runtime_refused'] as const)(
    'fails with the fleet’s own %s',
    async (code) => {
      const error = new AppError(code, 'No.');
      scriptAll(() => {
        throw error;
      });
      for (const [method, path] of OPERATIONS) {
        const { status, body } = await api.ask(method, path);
        expect([path, status, body.code]).toEqual([path, error.status, code]);
      }
    },
  );

  it('of somebody else is refused, and an unknown one is unknown there, too', async () => {
    api.fleet.now = aStaticStatus();
    scriptAll(() => {
      throw new AppError('not_managed', 'The engines are not ours.');
    });
    for (const [method, path] of OPERATIONS) {
      expect((await api.ask(method, path)).body).toMatchObject({ status: 404, code: 'not_found' });
    }
    api.engine();
    for (const [method, path] of OPERATIONS) {
      expect((await api.ask(method, path)).body).toMatchObject({
        status: 409,
        code: 'not_managed',
      });
    }
  });
});
