import { eventually, newContentId, type Viewer } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';

/** Longer than the test: without an event, a test that depends on the next listing or probe fails. */
const NEVER = '10m';
const CONTINUES_WITHIN_MS = 40_000;

/** Asserts that bytes continue to arrive in the same response after the fault. */
async function continues(viewer: Viewer): Promise<void> {
  const before = viewer.audit.markers.lastBroadcastMs!;
  await eventually(
    () => viewer.audit.markers.lastBroadcastMs! > before + 1500,
    CONTINUES_WITHIN_MS,
    'media after the fault',
  );
  expect(viewer.ending).toBeNull();
}

describeWithDocker('an engine whose faults only Docker reports', () => {
  it('that is killed while it has a viewer: media continue, it is replaced at once, nothing is left', async () => {
    const fleet = await openFleet({
      env: {
        RECONCILE_INTERVAL: NEVER,
        AUTOSCALE_INTERVAL: NEVER,
        ENGINE_REPLACEMENT_COOLDOWN: '100ms',
      },
    });
    const viewer = await fleet.watch();
    const victim = await fleet.engineOf(viewer);
    await fleet.docker('kill', victim.id);
    await continues(viewer);
    const engines = await fleet.settled(2);
    expect(engines.map(({ id }) => id)).not.toContain(victim.id);
  });
});

describeWithDocker('a suspect engine that is not replaced yet', () => {
  it('stays when it thaws before its replacement', async () => {
    const fleet = await openFleet({ env: { ENGINE_UNHEALTHY_AFTER: '100' } });
    const [victim] = await fleet.engines();
    await fleet.signal(victim!.id, 'SIGSTOP');
    await eventually(
      async () =>
        (await fleet.engines()).some(({ id, state }) => id === victim!.id && state !== 'healthy'),
      30_000,
      'doubt',
    );
    await fleet.signal(victim!.id, 'SIGCONT');
    const engines = await fleet.settled(2);
    expect(engines.map(({ id }) => id)).toContain(victim!.id);
  });
});

describeWithDocker('an engine in a container', () => {
  let fleet: FleetStage;

  beforeEach(async () => {
    fleet = await openFleet();
  });

  it('that freezes: its viewer continues on another engine, and its successor starts before it is removed', async () => {
    const viewer = await fleet.watch();
    const victim = await fleet.engineOf(viewer);
    await fleet.signal(victim.id, 'SIGSTOP');
    await continues(viewer);
    const engines = await fleet.settled(2);
    expect(engines.map(({ id }) => id)).not.toContain(victim.id);
    // The replacement, after the first two engines, was requested before the frozen one was removed.
    const decisions = (await fleet.status()).decisions as {
      kind: string;
      engine_id: string | null;
    }[];
    const removal = decisions.findIndex(
      ({ kind, engine_id: of }) => kind === 'remove' && of === victim.id,
    );
    expect(removal).toBeGreaterThan(0);
    const before = decisions.slice(0, removal).filter(({ kind }) => kind === 'provision');
    expect(before.length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['stopped', ['stop', '--time', '1']],
    ['removed', ['rm', '--force']],
    ['paused', ['pause']],
  ])('that an operator has %s by hand', async (_, command) => {
    const viewer = await fleet.watch();
    const victim = await fleet.engineOf(viewer);
    await fleet.docker(...command, victim.id);
    await continues(viewer);
    await fleet.settled(2);
    const { breaker } = await fleet.status();
    expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('that loses its network: detected at once, and its viewer continues long before the limit of silence', async () => {
    const viewer = await fleet.watch();
    const victim = await fleet.engineOf(viewer);
    await fleet.docker('network', 'disconnect', 'bridge', victim.id);
    await continues(viewer);
    const engines = await fleet.settled(2);
    expect(engines.map(({ id }) => id)).not.toContain(victim.id);
    const { body: events } = await fleet.product.api('GET', `/events?engine_id=${victim.id}`);
    const reasons = (events as { reason: string | null }[]).map(({ reason }) => reason ?? '');
    expect(reasons.find((reason) => reason.includes('lost its address'))).toBeDefined();
    expect(reasons.join()).not.toContain('silence');
    const { breaker } = await fleet.status();
    expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('whose process ends during a drain, and during its creation', async () => {
    const [first] = await fleet.engines();
    await fleet.product.api('POST', `/engines/${first!.id}/drain`);
    await fleet.docker('kill', first!.id);
    await fleet.settled(2);
    await fleet.product.api('POST', '/scale/4');
    await eventually(async () => (await fleet.containers()).length > 2, 40_000, 'a new container');
    const known = new Set((await fleet.engines()).map(({ id }) => id));
    const fresh = (await fleet.containers()).filter(({ id }) => !known.has(id));
    await Promise.allSettled(fresh.map(({ id }) => fleet.docker('kill', id)));
    await fleet.settled(4);
  });

  it('of another installation is never changed, whatever its name', async () => {
    const [own] = await fleet.containers();
    const name = own!.name.replace(/.{4}$/, 'ffff');
    const foreign = await fleet.docker(
      ...['run', '--detach', '--init', '--name', name, '--label', 'dev.acefleet.managed=true'],
      ...['--label', 'dev.acefleet.instance=somebodyelse', 'acefleet-simulator:test'],
    );
    try {
      await fleet.product.api('POST', '/gc');
      await fleet.product.api('POST', '/scale/3');
      await fleet.settled(3);
      const about = await fleet.product.api('GET', `/containers/${foreign}`);
      expect(about.status).toBe(404);
      expect((await fleet.product.api('DELETE', `/engines/${foreign}`)).status).toBe(404);
      expect(await fleet.docker('inspect', '--format', '{{.State.Running}}', foreign)).toBe('true');
    } finally {
      await fleet.docker('rm', '--force', '--volumes', foreign);
    }
  });

  it('serves streams: one engine session per content, spread over the engines', async () => {
    const viewers = await Promise.all([fleet.watch(), fleet.watch(), fleet.watch(newContentId())]);
    const counts = (await fleet.engines()).map(({ streams }) => streams.length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(Math.max(...counts)).toBeLessThan(3);
    await Promise.all(viewers.map((viewer) => continues(viewer)));
  });
});
