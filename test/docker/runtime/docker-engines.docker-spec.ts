import { eventually } from '../../e2e/support';
import {
  RuntimeError,
  type ObservedEngine,
} from '../../../src/engines/drivers/engine-runtime.port';
import { describeWithDocker } from '../support/docker-availability';
import { freePorts } from '../support/free-ports';
import { dockerInspect } from '../support/long-commands';
import { foreignContainer, newKey, openRuntime, vpnSlotOf } from '../support/runtime-stage';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** The engine's own answer at the address that the runtime shows. */
function versionAt({ endpoint }: ObservedEngine): Promise<string> {
  const url = `http://${endpoint!.host}:${endpoint!.port}/webui/api/service?method=get_version`;
  return eventually(async () => {
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(url, { headers: { Connection: 'close' }, signal });
    return ((await response.json()) as { result: { version: string } }).result.version;
  }, 40_000);
}

describeWithDocker('engines in containers', () => {
  it('creates one that answers at its own address, without a port of the host', async () => {
    const stage = openRuntime();
    const key = newKey();
    const engine = await stage.provision({ key });
    expect(engine).toMatchObject({ key, phase: 'running', vpn: null, forwardedPort: null });
    expect(engine.specHash).toBe(stage.runtime.specHash);
    expect(engine.name).toBe(`acefleet-e${stage.instance.slice(2, 7)}-${key.slice(0, 6)}`);
    const { HostConfig, NetworkSettings } = await dockerInspect(engine.id);
    expect(engine.endpoint).toEqual({
      host: NetworkSettings.Networks.bridge.IPAddress,
      port: 6878,
    });
    expect(engine.apiPort).toBe(62_062);
    expect(await versionAt(engine)).toMatch(/^3\./);
    expect(HostConfig.PortBindings ?? {}).toEqual({});
    expect(stage.runtime.image.state).toBe('present');
  });

  it('creates one that answers at a published port of this machine only', async () => {
    const { first, range } = await freePorts(20);
    const stage = openRuntime({ ENGINE_REACH: 'published', PORT_RANGE_HOST: range });
    const [one, other] = await Promise.all([stage.provision(), stage.provision()]);
    expect(one.endpoint!.host).toBe('127.0.0.1');
    expect(one.apiPort).toBeNull();
    expect(one.endpoint!.port).not.toBe(other.endpoint!.port);
    for (const engine of [one, other]) {
      expect(engine.endpoint!.port).toBeGreaterThanOrEqual(first);
      expect(engine.endpoint!.port).toBeLessThan(first + 20);
      expect(await versionAt(engine)).toMatch(/^3\./);
    }
    const { HostConfig } = await dockerInspect(one.id);
    const binding = { HostIp: '127.0.0.1', HostPort: String(one.endpoint!.port) };
    expect(HostConfig.PortBindings).toEqual({ '6878/tcp': [binding] });
  });

  it('puts engines into the network of a VPN, each with its own ports', async () => {
    const vpnSlot = await vpnSlotOf({ forwardedPort: 45_678 });
    const stage = openRuntime();
    const one = await stage.provision({ vpnSlot });
    const other = await stage.provision({ vpnSlot: { ...vpnSlot, forwardedPort: null } });
    expect(one.vpn).toEqual({
      vpn: 'gluetun',
      containerId: vpnSlot.containerId,
      containerStartedAt: vpnSlot.containerStartedAt,
    });
    expect([one.forwardedPort, other.forwardedPort]).toEqual([45_678, null]);
    for (const engine of [one, other]) {
      expect(engine.endpoint!.host).toBe(vpnSlot.host);
      expect(await versionAt(engine)).toMatch(/^3\./);
    }
    const ports = [one.endpoint!.port, one.apiPort, other.endpoint!.port, other.apiPort];
    expect(new Set(ports).size).toBe(4);
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(vpnSlot.ports.from);
    const { HostConfig, Args } = await dockerInspect(one.id);
    expect(HostConfig.NetworkMode).toBe(`container:${vpnSlot.containerId}`);
    expect(Args).toContain('45678');
    // Another process adopts the same engine, with the same address.
    const adopter = openRuntime({}, stage.instance);
    expect(await adopter.see(one.id)).toEqual(await stage.see(one.id));
  });

  it('fails when the network of the VPN is gone, and leaves nothing', async () => {
    const containerId = await foreignContainer(`e-vpn-${newKey()}`);
    const vpnSlot = { ...(await vpnSlotOf()), containerId };
    const stage = openRuntime();
    await expect(stage.provision({ vpnSlot })).rejects.toMatchObject({
      code: 'network_missing',
    });
    expect(await stage.containers()).toEqual([]);
  });

  it('confines engines', async () => {
    const stage = openRuntime({ ENGINE_MEMORY_LIMIT: '200MiB' });
    const engine = await stage.provision();
    const { HostConfig, Config, Mounts } = await dockerInspect(engine.id);
    expect(HostConfig).toMatchObject({
      Memory: 200 * 1024 ** 2,
      PidsLimit: 1024,
      CapDrop: ['ALL'],
      CapAdd: null,
      Privileged: false,
      SecurityOpt: ['no-new-privileges:true'],
      Init: true,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    });
    expect(Config).toMatchObject({ StopTimeout: 3, Healthcheck: { Test: ['NONE'] } });
    expect(Mounts).toEqual([]);
  });

  it('reads everything from labels: a process of the same installation lists the same engines, another one lists none', async () => {
    const stage = openRuntime();
    const engines = [await stage.provision(), await stage.provision()];
    const adopter = openRuntime({}, stage.instance);
    const byId = (all: readonly ObservedEngine[]) =>
      [...all].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(await adopter.runtime.list())).toEqual(byId(engines));
    expect(byId(await stage.runtime.list())).toEqual(byId(engines));

    const stranger = openRuntime();
    const { id } = engines[0]!;
    expect(await stranger.runtime.list()).toEqual([]);
    for (const deed of [
      stranger.runtime.remove(id),
      stranger.runtime.restart(id),
      stranger.runtime.unpause(id),
      stranger.runtime.logs(id, 10),
      stranger.runtime.usage(id),
    ]) {
      await expect(deed).rejects.toThrow(RuntimeError);
    }
    expect(await stage.see(id)).toEqual(engines[0]);
  });

  it('shows what an engine writes and uses', async () => {
    const stage = openRuntime({ ENGINE_MEMORY_LIMIT: '200MiB' });
    const engine = await stage.provision();
    await versionAt(engine);
    const { lines } = await stage.runtime.logs(engine.id, 50);
    expect(lines.map((line) => line.includes('"event":"listening"'))).toContain(true);
    const usage = await stage.runtime.usage(engine.id);
    expect(usage.memoryBytes).toBeGreaterThan(1024 ** 2);
    expect(usage.memoryLimitBytes).toBe(200 * 1024 ** 2);
    expect(usage.networkRxBytes).toBeGreaterThan(0);
    expect(usage.cpuPercent).toBeGreaterThanOrEqual(0);
  });

  it('restarts one under its id as another process, and removes it for good', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.runtime.restart(engine.id);
    const restarted = await stage.see(engine.id);
    expect(restarted).toMatchObject({ phase: 'running', key: engine.key });
    expect(restarted!.incarnation).not.toBe(engine.incarnation);
    expect(await versionAt(restarted!)).toMatch(/^3\./);
    await stage.runtime.remove(engine.id);
    expect(await stage.containers()).toEqual([]);
    await stage.runtime.remove(engine.id);
    await expect(stage.runtime.restart(engine.id)).rejects.toThrow(RuntimeError);
  });

  it('waits 3 s for an engine that ignores SIGTERM before it removes it', async () => {
    const stage = openRuntime();
    const tookMs: number[] = [];
    // An engine has 3 s to end. On a busy machine one of several measurements is not delayed.
    while (tookMs.length < 6 && tookMs.every((ms) => ms >= 2500)) {
      const engine = await stage.provision();
      await versionAt(engine);
      const begun = performance.now();
      await stage.runtime.remove(engine.id);
      tookMs.push(performance.now() - begun);
    }
    expect(Math.min(...tookMs)).toBeLessThan(withLag(2500));
  });

  it('leaves engines running when it closes', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.open();
    await stage.runtime.close();
    await expect(stage.runtime.list()).rejects.toMatchObject({ code: 'docker_unavailable' });
    expect(await openRuntime({}, stage.instance).see(engine.id)).toEqual(engine);
  });
});
