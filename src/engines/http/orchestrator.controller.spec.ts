import { occupy } from '../testing/engine.spec-support';
import 'reflect-metadata';
import { aStaticStatus, aStatus, FleetApi } from './fleet-api.spec-support';
import { OrchestratorController } from './orchestrator.controller';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

describe('GET /orchestrator/status', () => {
  let api: FleetApi;

  async function listen(env: Readonly<Record<string, string>> = {}): Promise<void> {
    api = await new FleetApi(env).listen(OrchestratorController);
  }

  afterEach(() => api.close());

  it.each(['', '/api/v1'])('shows the fleet at a glance, at %s', async (prefix) => {
    await listen();
    const engine = api.engine();
    api.engine({ id: 'c2' });
    occupy(api.registry, engine, 'stream-1');
    occupy(api.registry, engine, 'stream-2');
    expect((await api.ask('GET', `${prefix}/orchestrator/status`)).body).toEqual({
      status: 'healthy',
      reasons: [],
      engines: { total: 2, running: 2, healthy: 2, unhealthy: 0 },
      streams: { active: 2, waiting: 0 },
      capacity: { total: 6, used: 2, available: 4, max_replicas: 6, min_replicas: 2 },
      vpn: {
        enabled: false,
        connected: false,
        health: 'unknown',
        container: null,
        forwarded_port: null,
      },
      provisioning: {
        can_provision: true,
        blocked_reason_details: null,
        ...(prefix === '' && {
          circuit_breaker_state: 'closed',
          last_failure: null,
          blocked_reason: null,
        }),
      },
      config: {
        auto_delete: true,
        grace_period_s: 60,
        engine_variant: 'acestream-http-proxy',
      },
      driver: { kind: 'docker', why: 'ENGINE_DRIVER=docker', is_stopgap: false },
      wanted: 2,
      why: ['MIN_REPLICAS=2'],
      present: 2,
      starting: 0,
      breaker: { state: 'closed', failures: 0, threshold: 5, retry_in_s: 0, last_failure: null },
      link: { state: 'connected', since: '1970-01-01T00:00:00.000Z', reason: null },
      image: {
        reference: 'engine:1',
        id: 'sha256:1',
        state: 'present',
        progress: null,
        reason: null,
      },
      image_refresh: { is_running: false, next_at: null, last_at: null, last_error: null },
      rollout: {
        ...{ state: 'idle', cause: null, total: 0, replaced: 0 },
        ...{ started_at: null, reason: null },
      },
      decisions: [],
      timestamp: TIME,
    });
  });

  it('tells what is in the way, what was decided and how far a pull is', async () => {
    await listen();
    const at = new Date('2026-01-02T03:04:05Z');
    api.fleet.now = aStatus({
      present: 0,
      starting: 1,
      waiting: 4,
      link: { state: 'lost', since: at, reason: 'it does not answer' },
      image: {
        reference: 'engine:1',
        id: null,
        state: 'pulling',
        progress: { currentBytes: 10, totalBytes: 90 },
        reason: null,
      },
      breaker: {
        state: 'open',
        failures: 5,
        threshold: 5,
        retryInMs: 1001,
        lastFailure: { code: 'start_timeout', message: 'no answer in 90 s', at },
      },
      blocked: { code: 'circuit_breaker', message: 'Five failed.', retryInMs: 1001 },
      decisions: [
        { at, kind: 'scale', engineId: null, reason: null, why: 'MIN_REPLICAS=2' },
        { at, kind: 'remove', engineId: 'c7', reason: 'start_timeout', why: 'start timed out' },
      ],
    });
    const time = '2026-01-02T03:04:05.000Z';
    expect((await api.ask('GET', '/orchestrator/status')).body).toMatchObject({
      status: 'unavailable',
      reasons: ['no engine can be used', 'Five failed.', 'docker: it does not answer'],
      streams: { active: 0, waiting: 4 },
      capacity: { total: 0, used: 0, available: 0 },
      provisioning: {
        can_provision: false,
        circuit_breaker_state: 'open',
        last_failure: time,
        blocked_reason: 'Five failed.',
        blocked_reason_details: {
          code: 'circuit_breaker',
          message: 'Five failed.',
          recovery_eta_seconds: 2,
          can_retry: true,
          should_wait: true,
        },
      },
      breaker: {
        state: 'open',
        retry_in_s: 2,
        last_failure: { code: 'start_timeout', message: 'no answer in 90 s', time },
      },
      link: { state: 'lost', since: time, reason: 'it does not answer' },
      image: { state: 'pulling', progress: { current_bytes: 10, total_bytes: 90 } },
      decisions: [
        { time, kind: 'scale', engine_id: null, why: 'MIN_REPLICAS=2' },
        { time, kind: 'remove', engine_id: 'c7', reason: 'start_timeout', why: 'start timed out' },
      ],
    });
  });

  it('says of engines of somebody else that they are not run here', async () => {
    await listen();
    api.fleet.now = aStaticStatus();
    api.engine();
    expect((await api.ask('GET', '/orchestrator/status')).body).toMatchObject({
      status: 'healthy',
      provisioning: {
        can_provision: false,
        blocked_reason_details: { code: 'not_managed', can_retry: false, should_wait: false },
      },
      config: { auto_delete: false, engine_variant: null },
      link: null,
      image: null,
    });
  });

  it('shows the first VPN, and whether any works', async () => {
    await listen({ ENGINE_DRIVER: 'docker', VPN_CONTAINERS: 'one,two' });
    expect((await api.ask('GET', '/orchestrator/status')).body.vpn).toEqual({
      enabled: true,
      connected: false,
      health: 'unknown',
      container: 'one',
      forwarded_port: null,
    });
    const { health, ...rest } = api.vpns.get('one')!;
    api.vpns.record('one', { ...rest, health: { ...health, state: 'up' }, forwardedPort: 4711 });
    expect((await api.ask('GET', '/orchestrator/status')).body.vpn).toMatchObject({
      connected: true,
      health: 'healthy',
      forwarded_port: 4711,
    });
  });
});
