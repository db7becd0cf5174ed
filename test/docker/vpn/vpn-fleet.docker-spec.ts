import { eventually } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, type ListedEngine, openFleet } from '../support/fleet-stage';
import {
  type GluetunStandIn,
  makeVpnNetwork,
  startGluetun,
} from '../support/gluetun/gluetun-stand-in';

/** Differ from the names of containers that an earlier run left behind. */
const A = `g-fleet-${process.pid}-a`;
const B = `g-fleet-${process.pid}-b`;
const NETWORK = `g-fleet-${process.pid}`;
const WITHIN_MS = 60_000;

interface VpnEngine extends ListedEngine {
  readonly vpn: string | null;
  readonly forwarded: boolean;
}

/** The product with four engines behind two VPNs. Each test continues from the end of the previous one. */
describeWithDocker('engines behind two VPNs', () => {
  let a: GluetunStandIn;
  let b: GluetunStandIn;
  let fleet: FleetStage;

  beforeAll(async () => {
    await makeVpnNetwork(NETWORK);
    [a, b] = await Promise.all([
      startGluetun(A, NETWORK, { port: 5914, apiKey: 'standIn58key' }),
      startGluetun(B, NETWORK, { port: 6021, apiKey: 'standIn58key', publicIp: '203.0.113.8' }),
    ]);
    await Promise.all([a.becomes('healthy'), b.becomes('healthy')]);
    fleet = await openFleet({
      env: {
        VPN_CONTAINERS: `${A}=21000-21099,${B}=21100-21199`,
        DOCKER_NETWORK: NETWORK,
        VPN_CONTROL_API_KEY: 'standIn58key',
        VPN_CHECK_INTERVAL: '500ms',
        VPN_STABLE_AFTER: '3s',
        MIN_REPLICAS: '4',
        MAX_REPLICAS: '6',
        ENGINE_PARALLEL_STARTS: '4',
        ENGINE_GRACE_PERIOD: '1s',
        PROXY_GRACE_PERIOD: '200ms',
        ENGINE_REPLACEMENT_COOLDOWN: '200ms',
      },
    });
  }, 180_000);

  const engines = async (): Promise<VpnEngine[]> => (await fleet.engines()) as VpnEngine[];
  const behind = (all: readonly VpnEngine[], { name }: GluetunStandIn): VpnEngine[] =>
    all.filter(({ vpn }) => vpn === name);
  const idsBehind = async (vpn: GluetunStandIn): Promise<string[]> =>
    behind(await engines(), vpn)
      .map(({ id }) => id)
      .sort();
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  const status = async (): Promise<any> => (await fleet.product.api('GET', '/vpn/status')).body;
  const portOf = ({ labels }: VpnEngine): string | undefined =>
    Object.entries(labels).find(([name]) => name.endsWith('forwarded-port'))?.[1];

  /**
   * Waits for these numbers of healthy engines behind each VPN, one of each with the forwarded port, and no other
   * container of this installation.
   */
  function spread(behindA: number, behindB: number): Promise<VpnEngine[]> {
    return eventually(
      async () => {
        const all = (await fleet.settled(behindA + behindB, 0)) as VpnEngine[];
        const sizes = [behind(all, a).length, behind(all, b).length];
        const holders = [behind(all, a), behind(all, b)].map(
          (each) => each.filter(({ forwarded }) => forwarded).length,
        );
        const isIt = sizes[0] === behindA && sizes[1] === behindB;
        const isHeld = holders.every((count, index) => count === Math.min(1, sizes[index]!));
        if (!isIt || !isHeld) throw new Error(JSON.stringify({ sizes, holders }));
        return all;
      },
      WITHIN_MS,
      `${behindA} and ${behindB} engines`,
    );
  }

  it('are spread over both, answer at their addresses, and one of each has the forwarded port', async () => {
    const all = await spread(2, 2);
    for (const [vpn, from, port] of [
      [a, 21_000, '5914'],
      [b, 21_100, '6021'],
    ] as const) {
      const address = await vpn.address();
      const mine = behind(all, vpn);
      expect(mine.map(({ host }) => host)).toEqual([address, address]);
      for (const engine of mine) {
        expect(engine.port).toBeGreaterThanOrEqual(from);
        expect(engine.port).toBeLessThan(from + 100);
      }
      expect(mine.filter(({ forwarded }) => forwarded).map(portOf)).toEqual([port]);
    }
    expect(await status()).toMatchObject({
      mode: 'redundant',
      enabled: true,
      status: 'running',
      connected: true,
      container_name: A,
      forwarded_port: 5914,
      country: 'Denmark',
      emergency_mode: { active: false },
      vpns: [
        { container_name: A, state: 'up', public_ip: '203.0.113.7', provider: 'stand-in' },
        { container_name: B, state: 'up', public_ip: '203.0.113.8', stable_in_s: 0 },
      ],
    });
    expect((await status()).vpns[1].engines).toEqual(await idsBehind(b));
    // No engine was replaced for a port that another engine was about to get.
    const { decisions } = await fleet.status();
    const ordered = (decisions as { kind: string }[]).filter(({ kind }) => kind === 'provision');
    expect(ordered).toHaveLength(4);
  });

  it('are not replaced while nothing changes', async () => {
    const before = (await fleet.containers()).map(({ id }) => id).sort();
    // Several listings, checks and reconciliations.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect((await fleet.containers()).map(({ id }) => id).sort()).toEqual(before);
  });

  it('get another forwarded port: only the engine with the old one is replaced', async () => {
    const before = await spread(2, 2);
    const [holder] = behind(before, a).filter(({ forwarded }) => forwarded);
    await a.set({ port: 7777 });
    const after = await eventually(
      async () => {
        const all = await spread(2, 2);
        const ports = behind(all, a).map(portOf);
        return ports.includes('7777') ? all : undefined;
      },
      WITHIN_MS,
      'an engine with the new port',
    );
    const ids = new Set(after.map(({ id }) => id));
    expect(before.filter(({ id }) => !ids.has(id)).map(({ id }) => id)).toEqual([holder!.id]);
  });

  it('are drained when their VPN reports a crash, and serve again when it has recovered', async () => {
    const [ofA, ofB] = [await idsBehind(a), await idsBehind(b)];
    await a.set({ status: 'crashed' });
    await eventually(async () => (await status()).vpns[0].state === 'down', WITHIN_MS, 'down');
    await eventually(
      async () => behind(await engines(), a).every(({ state }) => state === 'draining'),
      WITHIN_MS,
      'its engines drained',
    );
    const viewer = await fleet.watch();
    expect(((await fleet.engineOf(viewer)) as VpnEngine).vpn).toBe(B);
    viewer.destroy();
    expect((await status()).emergency_mode).toMatchObject({ active: true, failed_vpn: A });
    expect(await idsBehind(b)).toEqual(expect.arrayContaining(ofB));
    await a.set({ status: 'running' });
    await eventually(
      async () => {
        const mine = behind(await engines(), a);
        return mine.length > 0 && mine.every(({ state }) => state === 'healthy');
      },
      WITHIN_MS,
      'its engines healthy',
    );
    expect(ofA).toEqual(expect.arrayContaining(await idsBehind(a)));
    await spread(2, 2);
  });

  it('are replaced when their VPN is restarted, and no others', async () => {
    const [ofA, ofB] = [await idsBehind(a), await idsBehind(b)];
    await a.restart();
    await eventually(
      async () => (await idsBehind(a)).every((id) => !ofA.includes(id)),
      WITHIN_MS,
      'the old ones gone',
    );
    await spread(2, 2);
    expect((await idsBehind(a)).some((id) => ofA.includes(id))).toBe(false);
    expect((await idsBehind(b)).filter((id) => ofB.includes(id)).length).toBeGreaterThan(0);
  });

  it('replace those of a VPN that stops, until it is stable again', async () => {
    const viewer = await fleet.watch();
    const used = (await fleet.engineOf(viewer)) as VpnEngine;
    const [failing, other] = used.vpn === A ? [a, b] : [b, a];
    const seenMs = viewer.audit.markers.lastBroadcastMs!;
    await failing.stop();
    await eventually(
      () => viewer.audit.markers.lastBroadcastMs! > seenMs + 3000,
      WITHIN_MS,
      'media',
    );
    expect(viewer.ending).toBeNull();
    await eventually(
      async () => {
        const all = await fleet.settled(4, 0);
        return behind(all as VpnEngine[], other).length === 4;
      },
      WITHIN_MS,
      'four engines behind the other one',
    );
    expect((await status()).emergency_mode).toMatchObject({
      active: true,
      failed_vpn: failing.name,
      healthy_vpn: other.name,
    });
    await failing.start();
    viewer.destroy();
    await spread(2, 2);
    expect((await status()).emergency_mode.active).toBe(false);
  });

  it('are adopted unchanged by a restarted product', async () => {
    const before = (await fleet.containers()).map(({ id }) => id).sort();
    await fleet.crash();
    await fleet.boot();
    expect((await spread(2, 2)).map(({ id }) => id).sort()).toEqual(before);
    expect((await fleet.containers()).map(({ id }) => id).sort()).toEqual(before);
  });
});
