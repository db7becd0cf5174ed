import { SwarmImage } from './swarm-image';

function stage() {
  const clock = { ms: 0 };
  const told: string[] = [];
  const publish = (_: string, payload: object): void => {
    told.push((payload as { state: string }).state);
  };
  const digests = ['sha256:1', 'sha256:2'];
  const images = { digest: () => Promise.resolve(digests.shift() ?? '') };
  const recipe = { imageReference: 'engine:1' };
  const image = new SwarmImage(images, recipe, { publish }, () => clock.ms);
  return { clock, told, image };
}

describe('the image of a Swarm', () => {
  it('is present when a container with it runs, without an event if that was fast', () => {
    const { clock, told, image } = stage();
    expect(image.state.state).toBe('unknown');
    image.onPreparing('a');
    clock.ms = 2999;
    image.onPreparing('a');
    image.onRunning('a');
    expect(image.state).toMatchObject({ reference: 'engine:1', state: 'present', reason: null });
    expect(told).toEqual([]);
  });

  it('counts as being pulled when a node prepares for long, with one event', () => {
    const { clock, told, image } = stage();
    image.onPreparing('a');
    image.onPreparing('b');
    clock.ms = 3000;
    image.onPreparing('a');
    image.onPreparing('b');
    expect(image.state.state).toBe('pulling');
    image.onRunning('a');
    image.onRunning('b');
    expect(told).toEqual(['started', 'finished']);
  });

  it('is missing when a node reports it, with the reason and one event', () => {
    const { told, image } = stage();
    image.onMissing('a', 'No such image');
    image.onMissing('b', 'No such image');
    expect(image.state).toMatchObject({ state: 'missing', reason: 'No such image' });
    expect(told).toEqual(['failed']);
    image.onRunning('c');
    expect(image.state.state).toBe('present');
  });

  it('is unknown again when the last request that waited for it was cancelled', () => {
    const { clock, told, image } = stage();
    image.onPreparing('a');
    image.onPreparing('b');
    clock.ms = 3000;
    image.onPreparing('a');
    image.onEnded('a');
    expect(image.state.state).toBe('pulling');
    image.onEnded('b');
    expect(image.state.state).toBe('unknown');
    expect(told).toEqual(['started', 'failed']);
  });

  it('is pinned to the digest of the last refresh', async () => {
    const { image } = stage();
    const signal = new AbortController().signal;
    expect([image.source, image.state.id]).toEqual(['engine:1', null]);
    await image.refresh(signal);
    expect([image.source, image.state.id]).toEqual(['engine:1@sha256:1', 'engine:1@sha256:1']);
    await image.refresh(signal);
    expect(image.source).toBe('engine:1@sha256:2');
    image.onRunning('a');
    expect(image.state.id).toBe('engine:1@sha256:2');
    image.pin('engine:1@sha256:1');
    expect(image.source).toBe('engine:1@sha256:1');
    image.pin(null);
    expect(image.source).toBe('engine:1@sha256:2');
  });

  it('is that of the newest engine until a refresh', () => {
    const { image } = stage();
    const engine = (imageId: string, ms: number) => ({ imageId, createdAt: new Date(ms) });
    image.adopt([engine('engine:1', 9), engine('other:1@sha256:9', 8)]);
    expect(image.state.id).toBeNull();
    image.adopt([engine('engine:1@sha256:1', 1), engine('engine:1@sha256:2', 2)]);
    expect(image.state.id).toBe('engine:1@sha256:2');
    image.adopt([engine('engine:1@sha256:3', 3)]);
    expect(image.state.id).toBe('engine:1@sha256:2');
  });
});
