import 'reflect-metadata';
import { loadConfig } from '../../config';
import { AppError } from '../../kernel/errors';
import { launchSettings } from '../drivers/containers/engine-limits';
import { aStaticStatus, aStatus, FleetApi } from './fleet-api.spec-support';
import { FleetController } from './fleet.controller';
import { FleetHealthController } from './fleet-health.controller';

describe('the fleet as a whole', () => {
  let api: FleetApi;

  beforeEach(async () => {
    api = await new FleetApi().listen(FleetController, FleetHealthController);
  });
  afterEach(() => api.close());

  describe('POST /scale/{n}', () => {
    it.each(['', '/api/v1'])('sets how many there shall be, at %s/scale', async (prefix) => {
      api.fleet.script.scaleTo = (count) => Math.min(count, 6);
      expect(await api.ask('POST', `${prefix}/scale/50`)).toMatchObject({
        status: 200,
        body: { scaled_to: 6, requested: 50, min: 2, max: 6 },
      });
      expect(api.fleet.asked).toEqual([['scaleTo', 50]]);
    });

    it('takes none for an answer', async () => {
      api.fleet.script.scaleTo = () => 2;
      expect((await api.ask('POST', '/scale/0')).body).toMatchObject({
        scaled_to: 2,
        requested: 0,
      });
    });

    it.each(['-1', '1.5', '1e3', '0x10', 'many', '%20', '1%2C', '9999999', 'NaN', '٣', '1%0A'])(
      'refuses %s',
      async (n) => {
        const { status, body } = await api.ask('POST', `/scale/${n}`);
        expect([status, body.code]).toEqual([400, 'invalid_request']);
        expect(api.fleet.asked).toEqual([]);
      },
    );

    it('is not for engines of somebody else', async () => {
      api.fleet.script.scaleTo = () => {
        throw new AppError('not_managed', 'The engines are not ours.');
      };
      expect((await api.ask('POST', '/scale/3')).body).toMatchObject({ code: 'not_managed' });
    });
  });

  it('collects garbage and tells how much it was', async () => {
    api.fleet.script.collectGarbage = async () => 3;
    for (const path of ['/gc', '/api/v1/gc']) {
      expect(await api.ask('POST', path)).toMatchObject({
        status: 200,
        body: { status: 'done', removed: 3 },
      });
    }
  });

  it('never shows the access token of an engine', async () => {
    const { labels } = launchSettings(loadConfig({}));
    const token = labels['dev.acefleet.engine-token']!;
    api.engine({ id: 'c1', labels });
    const bySettings = await api.ask('GET', '/by-label?key=dev.acefleet.engine-settings&value=');
    expect(bySettings.body).toMatchObject([
      { id: 'c1', labels: { 'dev.acefleet.engine-settings': '' } },
    ]);
    expect(JSON.stringify(bySettings.body)).not.toContain(token);
    const byToken = `/by-label?key=dev.acefleet.engine-token&value=${token}`;
    expect((await api.ask('GET', byToken)).body).toEqual([]);
  });

  describe('GET /by-label', () => {
    beforeEach(() => {
      api.engine({ id: 'c10', labels: { role: 'sport', empty: '' } });
      api.engine({ id: 'c9', labels: { role: 'sport' } });
      api.engine({ id: 'c1', labels: { role: 'news' } });
    });

    it.each([
      ['key=role&value=sport', ['c9', 'c10']],
      ['key=role&value=news', ['c1']],
      ['key=role&value=', []],
      ['key=role&value=SPORT', []],
      ['key=empty&value=', ['c10']],
      ['key=none&value=', []],
      ['key=constructor&value=', []],
      ['key=toString&value=function', []],
    ])('%s finds %j', async (query, ids) => {
      for (const prefix of ['', '/api/v1']) {
        const { status, body } = await api.ask('GET', `${prefix}/by-label?${query}`);
        expect(status).toBe(200);
        expect((body as { id: string }[]).map(({ id }) => id)).toEqual(ids);
      }
    });

    it('shows engines as /engines does', async () => {
      const { body } = await api.ask('GET', '/by-label?key=role&value=news');
      expect(body).toMatchObject([{ id: 'c1', state: 'healthy', labels: { role: 'news' } }]);
    });

    it.each(['', 'key=role', 'value=sport', 'key=&value=a', 'key=a&value=b&value=c', 'key=a&x=1'])(
      'refuses %j',
      async (query) => {
        expect((await api.ask('GET', `/by-label?${query}`)).status).toBe(400);
      },
    );
  });

  describe('GET /health/status', () => {
    it('counts, and tells nothing that could name anybody', async () => {
      const at = new Date('2026-01-02T03:04:05Z');
      const lastFailure = { code: 'port_conflict', message: 'secret.host:19000 is taken', at };
      api.fleet.now = aStatus({
        breaker: { state: 'half_open', failures: 5, threshold: 5, retryInMs: 0, lastFailure },
      });
      api.engine();
      api.registry.transition(api.engine({ id: 'c2' }), 'unhealthy', 'three misses');
      api.registry.drain(api.engine({ id: 'c3' }), 'other settings', 'fleet');
      api.registry.drain(api.engine({ id: 'c4' }), 'new disk', 'operator');
      for (const path of ['/health/status', '/api/v1/health/status']) {
        const { status, headers, body } = await api.ask('GET', path);
        expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
        expect(body).toEqual({
          total_engines: 4,
          healthy_engines: 1,
          unhealthy_engines: 1,
          marked_for_replacement: 1,
          minimum_required: 2,
          health_check_interval_s: 10,
          circuit_breakers: {
            general: {
              state: 'half_open',
              failure_count: 5,
              failure_threshold: 5,
              retry_in_s: 0,
              last_failure_time: '2026-01-02T03:04:05.000Z',
            },
          },
        });
      }
    });

    it('requires none of engines of somebody else', async () => {
      api.fleet.now = aStaticStatus();
      expect((await api.ask('GET', '/health/status')).body).toMatchObject({ minimum_required: 0 });
    });
  });

  describe('POST /health/circuit-breaker/reset', () => {
    it('closes the breaker, and shows it', async () => {
      const open = { ...aStatus().breaker, state: 'open', failures: 5 } as const;
      for (const path of [
        '/health/circuit-breaker/reset?operation_type=general',
        '/api/v1/health/circuit-breaker/reset',
      ]) {
        api.fleet.now = aStatus({ breaker: open });
        api.fleet.script.resetBreaker = () => {
          api.fleet.now = aStatus();
        };
        expect(await api.ask('POST', path)).toMatchObject({
          status: 200,
          body: { circuit_breakers: { general: { state: 'closed', failure_count: 0 } } },
        });
      }
    });

    it('is not for engines of somebody else', async () => {
      api.fleet.script.resetBreaker = () => {
        throw new AppError('not_managed', 'The engines are not ours.');
      };
      const { status, body } = await api.ask('POST', '/health/circuit-breaker/reset');
      expect([status, body.code]).toEqual([409, 'not_managed']);
    });
  });
});
