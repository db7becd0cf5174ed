import { eventually, onScopeEnd, type Viewer } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';
import { PrivateDockerd } from '../support/private-dockerd';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** How long media are watched during a fault, to see that the fault does not disturb them. */
const WATCH_MS = 3000;
/** The product detects the loss by the end of the event stream, or by a ping after 10 s and 5 s without an answer. */
const NOTICED_WITHIN_MS = 40_000;
/** Between the 5 s that a listing takes at most and the 15 s of a change. */
const SOON_MS = 12_000;

const idsOf = (engines: readonly { readonly id: string }[]): string[] =>
  engines.map(({ id }) => id).sort();

async function continues(viewer: Viewer, forMs: number): Promise<void> {
  const before = viewer.audit.markers.lastBroadcastMs!;
  await eventually(() => viewer.audit.markers.lastBroadcastMs! >= before + forMs, forMs + 40_000);
  expect(viewer.ending).toBeNull();
}

describeWithDocker('the Docker Engine', () => {
  let daemon: PrivateDockerd;
  let fleet: FleetStage;

  async function open(name: string, liveRestore: boolean): Promise<void> {
    const started = await PrivateDockerd.start({ name, liveRestore });
    // Registered after the product, so that it ends first: the product may still call this Docker Engine.
    onScopeEnd(() => started.cleanup());
    daemon = started;
    fleet = await openFleet({ dockerHost: daemon.dockerHost });
  }

  const link = async (): Promise<string> => (await fleet.status()).link.state;

  it('frozen: streams continue, provisioning fails soon, no engine is declared gone; thawed: as before', async () => {
    await open('frz', false);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    daemon.freeze();
    await continues(viewer, WATCH_MS);
    const askedMs = performance.now();
    const answer = await fleet.product.api('POST', '/provision/acestream?wait=true');
    expect(answer).toMatchObject({ status: 503, body: { code: 'docker_unavailable' } });
    expect(performance.now() - askedMs).toBeLessThan(withLag(SOON_MS));
    await eventually(async () => (await link()) !== 'connected', NOTICED_WITHIN_MS, 'lost link');
    expect(idsOf(await fleet.engines())).toEqual(before);
    daemon.thaw();
    await eventually(async () => (await link()) === 'connected', NOTICED_WITHIN_MS, 'link');
    await continues(viewer, 1000);
    await fleet.settled(2);
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
  });

  it('stopped and started again: its engines ended with it and are replaced', async () => {
    await open('stop', false);
    await daemon.stop();
    await eventually(async () => (await link()) !== 'connected', NOTICED_WITHIN_MS, 'lost link');
    expect((await fleet.product.api('GET', '/health/live')).status).toBe(200);
    await daemon.boot();
    await fleet.settled(2);
    await fleet.watch();
  });

  it('restarted with live-restore: viewers notice nothing, and no engine is replaced', async () => {
    await open('live', true);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    await daemon.stop();
    await continues(viewer, WATCH_MS);
    await daemon.boot();
    await eventually(async () => (await link()) === 'connected', NOTICED_WITHIN_MS, 'link');
    const after = await fleet.settled(2);
    expect(idsOf(after)).toEqual(before);
    await continues(viewer, 1000);
  });

  it('killed: failed listings do not declare engines gone', async () => {
    await open('kill', true);
    const viewer = await fleet.watch();
    const before = idsOf(await fleet.engines());
    await daemon.kill();
    await continues(viewer, WATCH_MS);
    expect(idsOf(await fleet.engines())).toEqual(before);
    await daemon.boot();
    await fleet.settled(2);
  });
});
