import 'reflect-metadata';
import { launchSettings } from '../drivers/containers/engine-limits';
import { aDescription } from '../testing/engine.spec-support';
import { FleetStage, withFakeTimers } from './fleet-stage.spec-support';

const NONE = { engineMaxDownloadBps: 0, engineMaxUploadBps: 0, engineLiveBufferMs: 0 };

describe('limits of running engines', () => {
  let stage: FleetStage;

  withFakeTimers(() => stage);

  /** Starts a fleet of two engines without limits, which tell with which settings they were started. */
  async function start(): Promise<{ token: string }> {
    stage = new FleetStage({ MIN_REPLICAS: '2', MAX_REPLICAS: '4' });
    const { labels, options } = launchSettings(NONE);
    stage.runtime.template = { labels };
    await stage.start();
    expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
    return { token: options[1]! };
  }

  it('follows changes of ENGINE_MAX_DOWNLOAD_BPS, ENGINE_MAX_UPLOAD_BPS and ENGINE_LIVE_BUFFER, and replaces no engine', async () => {
    const { token } = await start();
    expect(stage.ace.sent).toEqual([]);
    stage.settings.apply({ engineMaxUploadBps: 4_000_000 });
    await stage.pass();
    const upload = { download_limit: 0, upload_limit: 500 };
    expect(stage.ace.sent).toEqual([
      [token, upload],
      [token, upload],
    ]);
    stage.settings.apply({ engineMaxDownloadBps: 80_000_000, engineLiveBufferMs: 20_000 });
    await stage.pass(60_000);
    const all = { download_limit: 10_000, upload_limit: 500, live_buffer: 20 };
    expect(stage.ace.sent.slice(2)).toEqual([
      [token, all],
      [token, all],
    ]);
    expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
    expect(stage.published('engine_limits_changed')).toContainEqual({
      engine_id: 'e1',
      limits: 'download_limit=10000,upload_limit=500,live_buffer=20',
      result: 'applied',
    });
  });

  it('are those of a new process after a restart', async () => {
    await start();
    stage.settings.apply({ engineMaxUploadBps: 4_000_000 });
    await stage.pass();
    const engine = stage.runtime.engines.get('e1')!;
    stage.runtime.engines.set('e1', { ...engine, incarnation: 'second' });
    stage.runtime.hint();
    await stage.pass(1000);
    stage.answer('e1');
    await stage.pass(60_000);
    expect(stage.ace.sent).toHaveLength(3);
  });

  it('that an engine refuses replace it when it plays nothing', async () => {
    await start();
    stage.ace.accepts = false;
    stage.runtime.template = {
      labels: launchSettings({ ...NONE, engineMaxUploadBps: 4_000_000 }).labels,
    };
    stage.settings.apply({ engineMaxUploadBps: 4_000_000 });
    await stage.pass(600_000);
    expect(stage.ace.sent).toHaveLength(2);
    expect(stage.fleet()).toEqual(['e3 healthy', 'e4 healthy']);
    expect(stage.published('engine_limits_changed')).toContainEqual({
      engine_id: 'e1',
      limits: 'upload_limit=500',
      result: 'replaced_when_idle',
    });
  });

  it('do not concern an engine that somebody else runs', async () => {
    await start();
    const endpoint = { host: 'other', port: 6878 };
    stage.registry.announce(aDescription('external', { endpoint, isExternal: true }));
    stage.settings.apply({ engineMaxUploadBps: 4_000_000 });
    await stage.pass();
    const changes = stage.published('engine_limits_changed') as { engine_id: string }[];
    expect(changes.map(({ engine_id }) => engine_id)).toEqual(['e1', 'e2']);
  });

  it('are sent again to an engine that did not answer', async () => {
    await start();
    const { changeSettings } = stage.ace;
    stage.ace.changeSettings = () => Promise.reject(new Error('scripted'));
    stage.settings.apply({ engineMaxUploadBps: 4_000_000 });
    await stage.pass(1000);
    stage.ace.changeSettings = changeSettings;
    await stage.pass(60_000);
    expect(stage.ace.sent).toHaveLength(2);
    expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
  });
});
