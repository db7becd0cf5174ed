import { eventually, type Viewer } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';
import { PrivateDockerd } from '../support/private-dockerd';

/** How long media go on under a fault, to see that it harms nobody. */
const WATCH_MS = 3000;

async function goesOn(viewer: Viewer, forMs: number): Promise<void> {
  const before = viewer.audit.markers.lastBroadcastMs!;
  await eventually(() => viewer.audit.markers.lastBroadcastMs! >= before + forMs, forMs + 15_000);
  expect(viewer.ending).toBeNull();
}

describeWithDocker('the Docker Engine', () => {
  let daemon: PrivateDockerd;
  let fleet: FleetStage;

  async function open(name: string, liveRestore: boolean): Promise<void> {
    daemon = await PrivateDockerd.start({ name, liveRestore });
    fleet = await openFleet({ dockerHost: daemon.dockerHost });
  }

  afterEach(() => daemon.cleanup());

  const link = async (): Promise<string> => (await fleet.status()).link.state;

  it('frozen: streams go on, provisioning says so soon, nothing is declared gone; thawed: as before', async () => {
    await open('frz', false);
    const viewer = await fleet.watch();
    const before = (await fleet.engines()).map(({ id }) => id);
    daemon.freeze();
    await goesOn(viewer, WATCH_MS);
    const askedMs = performance.now();
    const answer = await fleet.product.api('POST', '/provision/acestream?wait=true');
    expect(answer).toMatchObject({ status: 503, body: { code: 'docker_unavailable' } });
    expect(performance.now() - askedMs).toBeLessThan(6000 + 1000);
    await eventually(async () => (await link()) !== 'connected', 12_000, 'lost link');
    expect((await fleet.engines()).map(({ id }) => id)).toEqual(before);
    daemon.thaw();
    await eventually(async () => (await link()) === 'connected', 12_000, 'link');
    await goesOn(viewer, 1000);
    await fleet.settled(2, 30_000);
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
  });

  it('stopped and started again: its engines died with it and are replaced', async () => {
    await open('stop', false);
    await daemon.stop();
    await eventually(async () => (await link()) !== 'connected', 10_000, 'lost link');
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
    await daemon.boot();
    await fleet.settled(2, 30_000);
    await fleet.watch();
  });

  it('restarted with live-restore: viewers notice nothing, nothing is made anew', async () => {
    await open('live', true);
    const viewer = await fleet.watch();
    const before = (await fleet.engines()).map(({ id }) => id).sort();
    await daemon.stop();
    await goesOn(viewer, WATCH_MS);
    await daemon.boot();
    await eventually(async () => (await link()) === 'connected', 15_000, 'link');
    const after = await fleet.settled(2, 20_000);
    expect(after.map(({ id }) => id).sort()).toEqual(before);
    await goesOn(viewer, 1000);
  });

  it('killed: engines are not declared gone by looks that fail', async () => {
    await open('kill', true);
    const viewer = await fleet.watch();
    const before = (await fleet.engines()).map(({ id }) => id);
    await daemon.kill();
    await goesOn(viewer, WATCH_MS);
    expect((await fleet.engines()).map(({ id }) => id)).toEqual(before);
    await daemon.boot();
    await fleet.settled(2, 30_000);
  });
});
