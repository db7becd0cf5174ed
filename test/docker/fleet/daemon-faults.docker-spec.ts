import { eventually, onScopeEnd, type Viewer } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';
import { PrivateDockerd } from '../support/private-dockerd';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** How long media go on under a fault, to see that it harms nobody. */
const WATCH_MS = 3000;
/** The product finds out within seconds: by a stream that ends, or by a ping after 10 s and 5 s without an answer. */
const NOTICED_WITHIN_MS = 40_000;
/** Between the 5 s that a look at Docker takes at the longest and the 15 s of a change. */
const SOON_MS = 12_000;

const idsOf = (engines: readonly { readonly id: string }[]): string[] =>
  engines.map(({ id }) => id).sort();

async function goesOn(viewer: Viewer, forMs: number): Promise<void> {
  const before = viewer.audit.markers.lastBroadcastMs!;
  await eventually(() => viewer.audit.markers.lastBroadcastMs! >= before + forMs, forMs + 40_000);
  expect(viewer.ending).toBeNull();
}

describeWithDocker('the Docker Engine', () => {
  let daemon: PrivateDockerd;
  let fleet: FleetStage;

  async function open(name: string, liveRestore: boolean): Promise<void> {
    const started = await PrivateDockerd.start({ name, liveRestore });
    // Its own, whatever becomes of the next test's; and after the product, which may be about to ask it something.
    onScopeEnd(() => started.cleanup());
    daemon = started;
    fleet = await openFleet({ dockerHost: daemon.dockerHost });
  }

  const link = async (): Promise<string> => (await fleet.status()).link.state;

  it('frozen: streams go on, provisioning says so soon, nothing is declared gone; thawed: as before', async () => {
    await open('frz', false);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    daemon.freeze();
    await goesOn(viewer, WATCH_MS);
    const askedMs = performance.now();
    const answer = await fleet.product.api('POST', '/provision/acestream?wait=true');
    expect(answer).toMatchObject({ status: 503, body: { code: 'docker_unavailable' } });
    expect(performance.now() - askedMs).toBeLessThan(withLag(SOON_MS));
    await eventually(async () => (await link()) !== 'connected', NOTICED_WITHIN_MS, 'lost link');
    expect(idsOf(await fleet.engines())).toEqual(before);
    daemon.thaw();
    await eventually(async () => (await link()) === 'connected', NOTICED_WITHIN_MS, 'link');
    await goesOn(viewer, 1000);
    await fleet.settled(2);
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
  });

  it('stopped and started again: its engines died with it and are replaced', async () => {
    await open('stop', false);
    await daemon.stop();
    await eventually(async () => (await link()) !== 'connected', NOTICED_WITHIN_MS, 'lost link');
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
    await daemon.boot();
    await fleet.settled(2);
    await fleet.watch();
  });

  it('restarted with live-restore: viewers notice nothing, nothing is made anew', async () => {
    await open('live', true);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    await daemon.stop();
    await goesOn(viewer, WATCH_MS);
    await daemon.boot();
    await eventually(async () => (await link()) === 'connected', NOTICED_WITHIN_MS, 'link');
    const after = await fleet.settled(2);
    expect(idsOf(after)).toEqual(before);
    await goesOn(viewer, 1000);
  });

  it('killed: engines are not declared gone by looks that fail', async () => {
    await open('kill', true);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    await daemon.kill();
    await goesOn(viewer, WATCH_MS);
    expect(idsOf(await fleet.engines())).toEqual(before);
    await daemon.boot();
    await fleet.settled(2);
  });
});
