import { SwarmImage } from './swarm-image';

function stage() {
  const clock = { ms: 0 };
  const told: string[] = [];
  const publish = (_: string, payload: object): void => {
    told.push((payload as { state: string }).state);
  };
  const image = new SwarmImage({ imageReference: 'engine:1' }, { publish }, () => clock.ms);
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
});
