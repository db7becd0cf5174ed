import { eventually, newContentId, onScopeEnd, openViewer, streamPath } from '../../e2e/support';
import type { Viewer } from '../../e2e/support/viewer';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import { type FleetStage, openFleet } from '../support/fleet-stage';
import { startRegistry } from '../support/registry';
import { simulatorImage } from '../support/simulator-image';

/** The whole of a rollout takes one start and some moves for each engine, on a busy machine. */
const WITHIN_MS = 240_000;

/**
 * The size of the fleet and its audience. With ROLLOUT=large the figures of docs/performance.md are measured: 6 engines
 * and 50 viewers.
 */
const { engines, contents, viewers } =
  process.env['ROLLOUT'] === 'large'
    ? { engines: 6, contents: 12, viewers: 50 }
    : { engines: 2, contents: 3, viewers: 6 };

/** An image of which Docker has no layer yet, because its flags are part of it. */
function imageNamed(name: string, flags: readonly string[] = []): string {
  const tag = `test-rollout-${process.pid}-${name}`;
  return simulatorImage({ tag: `acefleet-simulator:${tag}`, flags: ['--name', tag, ...flags] });
}

async function imageIds(fleet: FleetStage): Promise<string[]> {
  const containers = await fleet.containers();
  const ids = containers.map(({ id }) => docker(['inspect', '--format', '{{.Image}}', id]));
  return (await Promise.all(ids)).map((id) => id.trim());
}

async function idOf(reference: string): Promise<string> {
  return (await docker(['image', 'inspect', '--format', '{{.Id}}', reference])).trim();
}

function exists(image: string): Promise<boolean> {
  return docker(['image', 'inspect', image]).then(
    () => true,
    () => false,
  );
}

describeWithDocker('a newer image', () => {
  it('is rolled through the engines under viewers without a cut; one whose engines fail is not', async () => {
    const registry = await startRegistry(imageNamed('old'));
    const { reference } = registry;
    onScopeEnd(async () => {
      await docker(['image', 'rm', '--force', reference]).catch(() => undefined);
    });
    const fleet = await openFleet({
      image: reference,
      env: {
        MIN_REPLICAS: String(engines),
        MAX_REPLICAS: String(engines + 1),
        // So many slots that the number of streams adds no engine.
        MAX_STREAMS_PER_ENGINE: '20',
        ENGINE_IMAGE_REFRESH: 'off',
      },
    });
    const oldImage = await idOf(reference);
    const ids = Array.from({ length: contents }, () => newContentId());
    const audience: Viewer[] = [];
    for (let n = 0; n < viewers; n += 1) {
      const viewer = openViewer(fleet.product.url(streamPath(ids[n % contents]!)));
      audience.push(viewer);
      if (n < contents) await viewer.playing(60_000);
    }
    await Promise.all(audience.map((viewer) => viewer.playing(60_000)));

    await registry.replaceImage(imageNamed('new'));
    const refresh = await fleet.product.api('POST', '/api/v1/engines/refresh');
    expect(refresh).toMatchObject({ status: 202, body: { image: reference } });
    const finished = await eventually(
      async () => (await rollouts(fleet)).find(({ state }) => state !== 'started'),
      WITHIN_MS,
      'the end of the rollout',
    );
    expect(finished).toMatchObject({ state: 'finished', total: engines, replaced: engines });
    const newImage = await idOf(reference);
    expect(newImage).not.toBe(oldImage);
    await fleet.settled(engines);
    expect(await imageIds(fleet)).toEqual(Array.from({ length: engines }, () => newImage));
    await eventually(async () => !(await exists(oldImage)), 30_000, 'removal of the old image');
    expectUncut(audience);

    await registry.replaceImage(imageNamed('bad', ['--bitrate', 'x']));
    await fleet.product.api('POST', '/api/v1/engines/refresh');
    const stopped = await eventually(
      async () => (await rollouts(fleet)).find(({ state }) => state === 'stopped'),
      WITHIN_MS,
      'the stop of the rollout',
    );
    expect(stopped).toMatchObject({ cause: 'image_changed', replaced: 0 });
    expect((await fleet.status()).rollout).toMatchObject({ state: 'stopped' });
    await fleet.settled(engines);
    expect(new Set(await imageIds(fleet))).toEqual(new Set([newImage]));
    expectUncut(audience);
  });

  async function rollouts({ product }: FleetStage) {
    const { body } = await product.api('GET', '/events?type=engine_rollout_changed&limit=100');
    return (body as { details: { state: string; cause: string; replaced: number } }[]).map(
      ({ details }) => details,
    );
  }

  function expectUncut(audience: readonly Viewer[]): void {
    const lost = audience.map(({ audit, ending }) => ({
      ending,
      continuityErrors: audit.continuityErrors + audit.tableContinuityErrors,
      lostPackets: audit.markers.lostPackets,
      jumps: audit.markers.jumps.length,
    }));
    const none = { ending: null, continuityErrors: 0, lostPackets: 0, jumps: 0 };
    expect(lost).toEqual(audience.map(() => none));
    const gaps = audience.map(({ audit }) => Math.round(audit.longestGapMs));
    process.stdout.write(
      `rollout under ${audience.length} viewers: longest gap ${Math.max(...gaps)} ms\n`,
    );
  }
});
