import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { aDescription } from '../../testing/engine.spec-support';
import { loadConfig } from '../../../config';
import { EventBus } from '../../../events';
import { monotonicMs } from '../../../kernel/clock';
import { EngineRegistry } from '../../registry/engine-registry';
import { vpnOf } from '../placement.spec-support';
import type { Vpn } from '../vpn';
import { VpnRegistry } from '../vpn-registry';
import { DataFolder } from '../../../storage';
import { VpnDrains } from '../vpn-drains';
import { VpnController } from './vpn.controller';
import { toVpnStatusCompat } from './compat/vpn-status.compat.dto';
import { vpnStatusDto } from './vpn-mapping';

const NOW = new Date('2026-03-01T12:00:00.000Z');

/** At monotonic 600 000 ms, which is noon. */
const statusOf = (vpns: Vpn[]) =>
  vpnStatusDto({
    vpns,
    stableAfterMs: 120_000,
    enginesOf: (vpn) => (vpn === 'a' ? ['e1', 'e2'] : []),
    nowMs: 600_000,
    now: NOW,
  });

function since(vpn: Vpn, sinceMs: number): Vpn {
  return { ...vpn, health: { ...vpn.health, sinceMs, goodSinceMs: sinceMs } };
}

const told: Vpn = {
  ...since(vpnOf('a', { port: 5914, container: { provider: 'mullvad' } }), 540_000),
  publicAddress: { ip: '58.98.64.104', country: 'Denmark', region: 'Zealand', city: 'Copenhagen' },
  checkedAt: new Date('2026-03-01T11:59:59.000Z'),
};

/** What the control server of `told` reports. */
const TOLD = {
  forwarded_port: 5914,
  public_ip: '58.98.64.104',
  provider: 'mullvad',
  country: 'Denmark',
  city: 'Copenhagen',
  region: 'Zealand',
  last_check_at: '2026-03-01T11:59:59.000Z',
};

describe('the status of VPNs on the wire', () => {
  it('is disabled without any', () => {
    expect(statusOf([])).toEqual({
      mode: 'disabled',
      enabled: false,
      status: 'disabled',
      health: 'unknown',
      connected: false,
      emergency_mode: {
        active: false,
        failed_vpn: null,
        healthy_vpn: null,
        duration_seconds: 0,
      },
      vpns: [],
    });
  });

  it('of a single one is also the status of the whole', () => {
    const shared = { enabled: true, status: 'running', health: 'healthy', connected: true };
    expect(statusOf([told])).toEqual({
      ...shared,
      mode: 'single',
      emergency_mode: expect.objectContaining({ active: false }),
      vpns: [
        {
          ...shared,
          container_name: 'a',
          ...TOLD,
          state: 'up',
          since: '2026-03-01T11:59:00.000Z',
          reason: 'it is up',
          drained: false,
          drain_reason: null,
          control_fault: null,
          stable_in_s: 0,
          host: 'a.lan',
          engines: ['e1', 'e2'],
        },
      ],
    });
  });

  it('has the fields of the first VPN at the top, and duplicates, for clients of acestream-orchestrator', () => {
    const status = statusOf([told, vpnOf('b')]);
    const [first, second] = status.vpns;
    const vpn1 = Object.assign({}, first, { container: 'a', last_check: TOLD.last_check_at });
    const vpn2 = Object.assign({}, second, { container: 'b', last_check: second!.last_check_at });
    const top = { ...TOLD, last_check: TOLD.last_check_at, container_name: 'a', container: 'a' };
    expect(toVpnStatusCompat(status)).toEqual(
      Object.assign({}, status, top, { vpn1, vpn2, vpns: [vpn1, vpn2] }),
    );
    expect(toVpnStatusCompat(statusOf([]))).toMatchObject({
      container_name: null,
      container: null,
      forwarded_port: null,
      last_check_at: null,
      last_check: null,
      vpn1: null,
      vpn2: null,
      vpns: [],
    });
  });

  it('of several tells of an emergency while one is down and another serves', () => {
    const status = statusOf([since(vpnOf('a', { state: 'down' }), 570_000), vpnOf('b')]);
    expect(status).toMatchObject({
      mode: 'redundant',
      status: 'running',
      health: 'healthy',
      connected: true,
      vpns: [
        { container_name: 'a', connected: false, health: 'unhealthy', stable_in_s: null },
        { container_name: 'b', connected: true },
      ],
      emergency_mode: {
        active: true,
        failed_vpn: 'a',
        healthy_vpn: 'b',
        duration_seconds: 30,
        entered_at: '2026-03-01T11:59:30.000Z',
      },
    });
  });

  it('is no emergency, but unhealthy, when none serves', () => {
    const down = { state: 'down' as const, container: 'absent' as const };
    expect(statusOf([vpnOf('a', down), vpnOf('b', down)])).toMatchObject({
      status: 'unhealthy',
      health: 'unhealthy',
      connected: false,
      vpns: [{ status: 'not_found' }, { status: 'not_found' }],
      emergency_mode: { active: false },
    });
  });

  it.each([
    [vpnOf('a', { state: 'unknown', container: null }), 'unknown', 'unknown'],
    [vpnOf('a', { state: 'unknown', container: { health: 'starting' } }), 'running', 'starting'],
    [vpnOf('a', { state: 'down', container: { status: 'exited' } }), 'exited', 'unhealthy'],
  ])('of one that does not work yet or any more', (vpn, status, health) => {
    expect(statusOf([vpn])).toMatchObject({ status, health, connected: false });
  });

  it('tells how long until one that recovers counts as stable, in whole seconds', () => {
    const recovering = since(vpnOf('a', { state: 'recovering' }), 540_500);
    expect(statusOf([recovering]).vpns[0]).toMatchObject({ connected: true, stable_in_s: 61 });
  });
});

describe('VpnController', () => {
  Logger.overrideLogger(false);
  const config = loadConfig({ ENGINE_DRIVER: 'docker', VPN_CONTAINERS: 'a,b' });
  const bus = new EventBus();
  const vpns = new VpnRegistry(config, bus);
  const engines = new EngineRegistry(bus);
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-vpn-'));
  const dataFolder = new DataFolder(folder);
  const drains = new VpnDrains(dataFolder, vpns);
  const controller = new VpnController(config, vpns, engines, drains);
  beforeAll(() => dataFolder.open());
  afterAll(async () => {
    await dataFolder.close();
    rmSync(folder, { recursive: true });
  });

  it('has no public address until a VPN tells one, then that of the first', () => {
    expect(() => controller.publicIp()).toThrow(expect.objectContaining({ code: 'not_found' }));
    vpns.record('b', told);
    expect(controller.publicIp()).toEqual({ public_ip: '58.98.64.104', vpn: 'b' });
  });

  it('lists the engines behind each', () => {
    for (const id of ['e2', 'e1']) engines.announce(aDescription(id, { vpn: 'b' }));
    vpns.record('b', since(told, monotonicMs()));
    const [a, b] = controller.status().vpns;
    expect([a!.engines, b!.engines, b!.container_name]).toEqual([[], ['e1', 'e2'], 'b']);
  });

  it('drains a VPN until an operator ends that, also after a restart', async () => {
    expect(controller.drain('a', { reason: 'new server' })).toMatchObject({
      ...{ container_name: 'a', drained: true, drain_reason: 'new server' },
    });
    await drains.onModuleDestroy();
    const restarted = new VpnRegistry(config, bus);
    const again = new VpnDrains(dataFolder, restarted);
    await again.onModuleInit();
    expect(restarted.get('a')?.drain).toEqual({ reason: 'new server' });
    again.undrain('a');
    await again.onModuleDestroy();
    await drains.onModuleInit();
    expect(restarted.get('a')?.drain).toBeNull();
    expect(controller.undrain('a')).toMatchObject({ drained: false, drain_reason: null });
    for (const call of ['drain', 'undrain'] as const) {
      expect(() => controller[call]('no-such')).toThrow(
        expect.objectContaining({ code: 'not_found' }),
      );
    }
  });
});
