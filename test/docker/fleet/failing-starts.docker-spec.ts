import { once } from 'node:events';
import { createServer } from 'node:net';
import { eventually, newContentId, onScopeEnd, streamPath } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { freePorts } from '../support/free-ports';
import { openFleet } from '../support/fleet-stage';
import { simulatorImage } from '../support/simulator-image';

/** Time limit for several containers one after the other on a busy machine. */
const WITHIN_MS = 60_000;

describeWithDocker('engines whose starts fail', () => {
  it('exit at once: few attempts with backoff, then the circuit breaker opens; viewers get the reason; nothing is left', async () => {
    const image = simulatorImage({
      tag: 'acefleet-simulator:test-broken',
      flags: ['--bitrate', 'x'],
    });
    const fleet = await openFleet({
      image,
      engines: 0,
      env: { CIRCUIT_BREAKER_FAILURE_THRESHOLD: '3', CIRCUIT_BREAKER_RECOVERY_TIMEOUT: '1h' },
    });
    await eventually(
      async () => (await fleet.status()).breaker.state === 'open',
      WITHIN_MS,
      'open',
    );
    const answer = await fleet.product.api('GET', streamPath(newContentId()));
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: 'no_engine' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await eventually(
      async () => (await fleet.containers()).length === 0,
      WITHIN_MS,
      'nothing left',
    );
    const refused = await fleet.product.api('POST', '/provision/acestream');
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'provisioning_blocked' });
    const failures = fleet.product.logs().filter(({ msg }) => /engine_exited/.test(msg ?? ''));
    expect(failures.length).toBeLessThanOrEqual(4);

    const reset = await fleet.product.api('POST', '/health/circuit-breaker/reset');
    expect(reset.status).toBeLessThan(300);
    await eventually(async () => (await fleet.status()).breaker.failures > 0, WITHIN_MS, 'a try');
  });

  it('never answer: removed at the deadline', async () => {
    const image = simulatorImage({
      tag: 'acefleet-simulator:test-mute',
      flags: ['--ready-delay', '3600000'],
    });
    const fleet = await openFleet({
      image,
      engines: 0,
      env: {
        ENGINE_START_TIMEOUT: '2s',
        MIN_REPLICAS: '1',
        CIRCUIT_BREAKER_FAILURE_THRESHOLD: '2',
      },
    });
    await eventually(
      async () => (await fleet.status()).breaker.state === 'open',
      WITHIN_MS,
      'open',
    );
    expect((await fleet.status()).breaker.last_failure).toMatchObject({ code: 'start_timeout' });
    await eventually(
      async () => (await fleet.containers()).length === 0,
      WITHIN_MS,
      'nothing left',
    );
  });

  it('have no image: reported with its code, retried with backoff, nothing is left', async () => {
    const fleet = await openFleet({ image: '127.0.0.1:1/nowhere/engine:none', engines: 0 });
    await eventually(
      async () => (await fleet.status()).image.state === 'missing',
      WITHIN_MS,
      'missing',
    );
    const answer = await fleet.product.api('GET', streamPath(newContentId()));
    expect(answer).toMatchObject({ status: 503, body: { code: 'no_engine' } });
    expect(answer.body.detail).toMatch(/image/);
    const provision = await fleet.product.api('POST', '/provision/acestream?wait=true');
    expect(provision.status).toBe(503);
    expect(['image_missing', 'provisioning_blocked']).toContain(provision.body.code);
    expect(await fleet.containers()).toEqual([]);
  });

  it('find their port in use: another one is used', async () => {
    const { first, range } = await freePorts(6);
    const taken = createServer().listen(first, '127.0.0.1');
    await once(taken, 'listening');
    onScopeEnd(() => {
      taken.close();
    });
    const fleet = await openFleet({
      // Simultaneous requests may leave one engine too many, which is removed after the grace period.
      env: { ENGINE_REACH: 'published', PORT_RANGE_HOST: range, ENGINE_GRACE_PERIOD: '1s' },
    });
    const engines = await fleet.settled(2);
    expect(engines.map(({ port }) => port)).not.toContain(first);
    await fleet.watch();
    // No port is lost when engines are created and removed: six ports, one of them in use by another program.
    for (const count of [4, 2, 4, 2]) {
      await fleet.product.api('POST', `/scale/${count}`);
      for (const { id } of (await fleet.engines()).slice(0, 2)) {
        await fleet.product.api('DELETE', `/engines/${id}`);
      }
      await fleet.settled(Math.max(2, count));
    }
  }, 300_000);
});
