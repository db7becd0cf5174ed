import { eventually } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';

const CHANGED_WITHIN_MS = 40_000;

describeWithDocker('limits of engines in containers', () => {
  const env = { MAX_REPLICAS: '3', ENGINE_MAX_DOWNLOAD_BPS: '80M' };

  async function setUpload(fleet: FleetStage, rate: string): Promise<void> {
    const body = { ENGINE_MAX_UPLOAD_BPS: rate };
    expect((await fleet.product.api('PATCH', '/settings', body)).status).toBe(200);
  }

  async function changesOf(fleet: FleetStage): Promise<unknown[]> {
    const { body } = await fleet.product.api('GET', '/events?type=engine_limits_changed');
    return (body as { details: unknown }[]).map(({ details }) => details);
  }

  it('are changed while the engine plays, through its API', async () => {
    const fleet = await openFleet({
      env: { ...env, MIN_REPLICAS: '1', ENGINE_ARGS: '--personality aceserve' },
    });
    const viewer = await fleet.watch();
    const engine = await fleet.engineOf(viewer);
    expect(engine.labels).not.toHaveProperty(['dev.acefleet.engine-token']);
    const format = '{{index .Config.Labels "dev.acefleet.engine-token"}}';
    const key = (await fleet.docker('inspect', '--format', format, engine.id)).trim();
    const settings = async (): Promise<unknown> => {
      const address = `http://${engine.host}:${engine.port}/api/v1/settings`;
      const options = { method: 'PATCH', body: '{}', headers: { 'x-api-key': key } };
      return (await fetch(address, options)).json();
    };
    expect(await settings()).toMatchObject({ download_limit: 10_000, upload_limit: 0 });
    await setUpload(fleet, '4M');
    await eventually(
      async () => ((await settings()) as { upload_limit: number }).upload_limit === 500,
      CHANGED_WITHIN_MS,
      'the new limit in the engine',
    );
    expect(await settings()).toMatchObject({ download_limit: 10_000, upload_limit: 500 });
    await viewer.receiveMore(1000);
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    expect(await fleet.engineOf(viewer)).toMatchObject({ id: engine.id, state: 'healthy' });
    expect(await changesOf(fleet)).toContainEqual({
      engine_id: engine.id,
      limits: 'download_limit=10000,upload_limit=500',
      result: 'applied',
    });
  });

  it('replace an engine that cannot be changed, but not one that plays', async () => {
    const fleet = await openFleet({ env: { ...env, MIN_REPLICAS: '2' } });
    const viewer = await fleet.watch();
    const before = await fleet.engines();
    const playing = await fleet.engineOf(viewer);
    await setUpload(fleet, '4M');
    await eventually(
      async () => {
        const engines = await fleet.engines();
        const kept = engines.filter(({ id }) => before.some((one) => one.id === id));
        return kept.length === 1 && engines.length === 2 && kept[0]!.id === playing.id;
      },
      CHANGED_WITHIN_MS,
      'another engine instead of the idle one',
    );
    const fresh = (await fleet.engines()).find(({ id }) => id !== playing.id);
    expect(fresh!.labels['dev.acefleet.engine-settings']).toBe(
      'download_limit=10000,upload_limit=500',
    );
    await viewer.receiveMore(1000);
    expect(viewer.ending).toBeNull();
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
  });
});
