import {
  DockerClient,
  type DockerTuning,
  type PullProgress,
} from '../../../src/engines/drivers/docker-client';
import { eventually, newContentId, onScopeEnd, openViewer, streamPath } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import { openFleet, type FleetStage } from '../support/fleet-stage';
import { startRegistry, type Registry, type RegistryFault } from '../support/registry';
import { simulatorImage } from '../support/simulator-image';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** An event of `GET /events`. */
interface PullEvent {
  readonly image: string;
  readonly state: string;
  readonly reason: string | null;
}

let images = 0;

/** A registry with an image of which Docker has no layer yet. */
async function freshRegistry(): Promise<Registry> {
  images += 1;
  const name = `test-pull-${process.pid}-${images}`;
  const registry = await startRegistry(
    simulatorImage({ tag: `acefleet-simulator:${name}`, flags: ['--name', name] }),
  );
  const { reference } = registry;
  onScopeEnd(async () => {
    await docker(['image', 'rm', '--force', reference]).catch(() => undefined);
  });
  return registry;
}

async function isThere(reference: string): Promise<boolean> {
  return docker(['image', 'inspect', reference]).then(
    () => true,
    () => false,
  );
}

/** Sends bytes in small portions, because neither Docker nor the event log reports progress while no bytes arrive. */
class Trickle {
  private share = 0.1;

  constructor(private readonly registry: Registry) {
    registry.letThrough(this.share);
  }

  more(): void {
    this.share = Math.min(0.95, this.share + 0.005);
    this.registry.letThrough(this.share);
  }
}

describeWithDocker('a pull', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await freshRegistry();
  });
  beforeEach(() => {
    registry.fault = null;
    registry.letThrough(1);
  });

  function open(tuning: Partial<DockerTuning> = {}): DockerClient {
    const client = new DockerClient(process.env['DOCKER_HOST'] ?? null, tuning);
    onScopeEnd(() => {
      client.close();
    });
    return client;
  }

  it.each<[RegistryFault, RegExp]>([
    ['no_manifest', /manifest.*unknown|not found/i],
    ['denied', /denied|unauthorized|no basic auth|login/i],
  ])('that the registry refuses (%s) fails with the reason', async (fault, reason) => {
    registry.fault = fault;
    const pull = open().images.pull(registry.reference, () => undefined);
    await expect(pull).rejects.toMatchObject({
      code: 'image_missing',
      message: expect.stringMatching(reason),
    });
    expect(await isThere(registry.reference)).toBe(false);
  });

  it.each<[RegistryFault, Partial<DockerTuning>]>([
    ['silent', { pullSilenceMs: 1500 }],
    ['hang', { pullSilenceMs: 1500 }],
    ['layer_errors', { pullMs: 3000 }],
  ])('that does not end (%s) is ended', async (fault, tuning) => {
    registry.fault = fault;
    const startedMs = performance.now();
    const pull = open(tuning).images.pull(registry.reference, () => undefined);
    await expect(pull).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:image_missing|docker_unavailable)$/),
      message: expect.stringMatching(/\S/),
    });
    // The production limits are 2 min and 10 min.
    expect(performance.now() - startedMs).toBeLessThan(withLag(60_000));
    expect(await isThere(registry.reference)).toBe(false);
  });

  it('is ended by its signal at once', async () => {
    registry.fault = 'hang';
    const end = new AbortController();
    let onBytes: (() => void) | undefined;
    const bytesCame = new Promise<void>((resolve) => (onBytes = resolve));
    const note = ({ currentBytes }: PullProgress) => {
      if (currentBytes > 0) onBytes?.();
    };
    const pull = open().images.pull(registry.reference, note, end.signal);
    const ended = expect(pull).rejects.toThrow('enough');
    await bytesCame;
    const abortedMs = performance.now();
    end.abort(new Error('enough'));
    await ended;
    // Without the signal it would end after 2 min of silence.
    expect(performance.now() - abortedMs).toBeLessThan(withLag(60_000));
  });

  it('reports its progress, and ends with the image', async () => {
    const steps: PullProgress[] = [];
    const inBetween = () =>
      steps.filter(({ currentBytes, totalBytes }) => currentBytes > 0 && currentBytes < totalBytes);
    const tap = new Trickle(registry);
    const pull = open().images.pull(registry.reference, (progress) => steps.push(progress));
    pull.catch(() => undefined);
    await eventually(
      () => {
        tap.more();
        return inBetween().length > 2;
      },
      60_000,
      'three words of the progress',
    );
    registry.letThrough(1);
    await pull;
    expect(await isThere(registry.reference)).toBe(true);
    expect(Math.max(...steps.map(({ totalBytes }) => totalBytes))).toBe(registry.totalBytes);
  });
});

describeWithDocker('engines whose image is missing', () => {
  async function openWith(registry: Registry): Promise<FleetStage> {
    return openFleet({ image: registry.reference, engines: 0, env: { MIN_REPLICAS: '1' } });
  }

  /** The events of pulls, oldest first, as `GET /events` returns them. */
  async function pullEvents({ product }: FleetStage): Promise<PullEvent[]> {
    const { body } = await product.api('GET', '/events?type=image_pull');
    return (body as { details: PullEvent }[]).map(({ details }) => details);
  }

  it('start when the image was pulled, with visible progress, while viewers wait', async () => {
    const registry = await freshRegistry();
    const tap = new Trickle(registry);
    const fleet = await openWith(registry);
    const viewer = openViewer(fleet.product.url(streamPath(newContentId())));
    await eventually(async () => {
      const { image } = await fleet.status();
      return image.state === 'pulling' && image.progress.current_bytes > 0;
    }, 60_000);
    await eventually(
      async () => {
        tap.more();
        return (await pullEvents(fleet)).some(({ state }) => state === 'progress');
      },
      60_000,
      'word of the progress',
    );
    registry.letThrough(1);
    await viewer.playing(120_000);
    await fleet.settled(1);
    const states = (await pullEvents(fleet)).map(({ state }) => state);
    expect(states).toEqual(expect.arrayContaining(['started', 'progress', 'finished']));
    expect(states).not.toContain('failed');
  });

  it('do not start without the image, and viewers get the reason', async () => {
    const registry = await freshRegistry();
    registry.fault = 'no_manifest';
    const fleet = await openWith(registry);
    const failed = await eventually(
      async () => (await pullEvents(fleet)).find(({ state }) => state === 'failed'),
      60_000,
    );
    expect(failed).toMatchObject({ reason: expect.stringMatching(/manifest|not found/i) });
    expect(await fleet.containers()).toEqual([]);
    expect((await fleet.status()).image.state).toBe('missing');
    const viewer = openViewer(fleet.product.url(streamPath(newContentId())));
    expect(await viewer.status()).toBe(503);
    expect(await viewer.json()).toMatchObject({
      code: 'no_engine',
      detail: expect.stringMatching(/manifest|not found|image/i),
    });
  });
});
