import { FleetStage, withFakeTimers } from './fleet-stage.spec-support';

describe('a rollout', () => {
  let stage: FleetStage;
  withFakeTimers(() => stage);

  const rollout = () => stage.control.status().rollout;
  const changes = () =>
    stage
      .published('engine_rollout_changed')
      .map(({ state, cause, total, replaced }) => `${state} ${cause} ${replaced}/${total}`);
  const images = () => [...stage.runtime.engines.values()].map(({ imageId }) => imageId);

  async function started(engines: number): Promise<void> {
    stage = await FleetStage.started({
      MIN_REPLICAS: String(engines),
      MAX_REPLICAS: '6',
      ENGINE_REPLACEMENT_COOLDOWN: '1s',
    });
    await stage.pass(5000);
    expect(stage.fleet()).toHaveLength(engines);
  }

  async function pullNewImage(): Promise<void> {
    stage.runtime.newest = 'image-2';
    stage.control.refreshImage();
    await stage.pass();
  }

  it('replaces every engine with an old image, and discards that image', async () => {
    await started(3);
    await pullNewImage();
    expect(stage.published('engine_image_changed')).toEqual([
      { image: 'engine:1', from: 'image-1', to: 'image-2' },
    ]);
    expect(rollout()).toMatchObject({ state: 'running', cause: 'image_changed', total: 3 });
    await stage.pass(60_000);
    expect(images()).toEqual(['image-2', 'image-2', 'image-2']);
    expect(stage.runtime.mostParallel).toBeLessThanOrEqual(2);
    expect(changes()).toEqual(['started image_changed 0/3', 'finished image_changed 3/3']);
    expect(rollout()).toMatchObject({ state: 'idle', cause: null });
    expect(stage.runtime.discarded).toEqual(['image-1']);
  });

  it('goes on while the image is pulled again, because somebody has removed it', async () => {
    await started(2);
    await pullNewImage();
    const { image } = stage.runtime;
    stage.runtime.image = { ...image, id: null, state: 'pulling' };
    stage.runtime.hint();
    await stage.pass(500);
    expect(rollout()).toMatchObject({ state: 'running', total: 2 });
    expect(changes()).toEqual(['started image_changed 0/2']);
    stage.runtime.image = image;
    await stage.pass(60_000);
    expect(changes()).toEqual(['started image_changed 0/2', 'finished image_changed 2/2']);
  });

  it('replaces every engine at the request of an operator, and no engine that is created meanwhile', async () => {
    await started(2);
    const before = [...stage.runtime.engines.keys()];
    expect(stage.control.replaceAll()).toBe(2);
    await stage.pass(60_000);
    const after = [...stage.runtime.engines.keys()];
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(changes()).toEqual(['started replace_requested 0/2', 'finished replace_requested 2/2']);
    await stage.pass(60_000);
    expect([...stage.runtime.engines.keys()]).toEqual(after);
  });

  it.each(['engine_exited', 'runtime_refused'] as const)(
    'stops when a new engine fails (%s): the old engines stay, and others are created from their image',
    async (code) => {
      await started(2);
      const before = [...stage.runtime.engines.keys()];
      stage.runtime.refuse('provision', code, 'bad image');
      await pullNewImage();
      await stage.pass(5000);
      expect(rollout()).toMatchObject({ state: 'stopped', reason: 'bad image', replaced: 0 });
      expect(stage.runtime.pinned).toBe('image-1');
      stage.runtime.refuse('provision', null);
      await stage.pass(60_000);
      expect([...stage.runtime.engines.keys()]).toEqual(before);
      stage.control.scaleTo(3);
      await stage.pass(20_000);
      expect(images()).toEqual(['image-1', 'image-1', 'image-1']);
      expect(changes()).toEqual(['started image_changed 0/2', 'stopped image_changed 0/2']);
    },
  );

  it('begins again when the operator requests a refresh, and when there is a newer image', async () => {
    await started(1);
    stage.runtime.refuse('provision', 'engine_exited', 'bad image');
    await pullNewImage();
    await stage.pass(5000);
    expect(rollout()?.state).toBe('stopped');
    stage.control.refreshImage();
    await stage.pass(5000);
    expect(changes()).toHaveLength(4);
    expect(rollout()?.state).toBe('stopped');
    stage.runtime.refuse('provision', null);
    stage.runtime.image = { ...stage.runtime.image, id: 'image-3' };
    await stage.pass(60_000);
    expect(images()).toEqual(['image-3']);
    expect(stage.runtime.pinned).toBeNull();
  });

  it('does not stop for a fault of Docker', async () => {
    await started(1);
    stage.runtime.refuse('provision', 'port_conflict');
    await pullNewImage();
    await stage.pass(5000);
    expect(rollout()?.state).toBe('running');
    stage.runtime.refuse('provision', null);
    await stage.pass(60_000);
    expect(images()).toEqual(['image-2']);
  });

  it('leaves an engine that an operator drains to the operator', async () => {
    await started(2);
    const [held] = [...stage.runtime.engines.keys()];
    stage.registry.drain(stage.engine(held!), 'test');
    await stage.pass(20_000);
    await pullNewImage();
    await stage.pass(60_000);
    expect(stage.runtime.engines.get(held!)?.imageId).toBe('image-1');
    expect(rollout()?.state).toBe('idle');
    expect(stage.runtime.discarded).toEqual([]);
  });

  it('does not begin when the refresh fails, which the status shows', async () => {
    await started(1);
    stage.runtime.refuse('refreshImage', 'image_missing', 'denied');
    await pullNewImage();
    expect(stage.control.status().imageRefresh).toMatchObject({
      isRunning: false,
      last: { error: { code: 'image_missing', message: 'denied' } },
    });
    expect(changes()).toEqual([]);
  });
});
