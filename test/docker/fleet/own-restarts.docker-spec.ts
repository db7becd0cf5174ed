import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, newContentId } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { type FleetStage, openFleet } from '../support/fleet-stage';

/**
 * Adoption must need no later listing: with these settings the next one comes after 10 min, and engines that were not
 * adopted at the start would not be healthy before.
 */
const NO_LATER_LISTING = { RECONCILE_INTERVAL: '10m', AUTOSCALE_INTERVAL: '10m' };
const MANY_ENGINES_MS = 300_000;

const messages = (fleet: FleetStage): string[] => fleet.product.logs().map(({ msg }) => msg ?? '');

const ids = (engines: readonly { readonly id: string }[]): string[] =>
  engines.map(({ id }) => id).sort();

/** Kills the product and starts it again. Returns the number of engines that it has requested since then. */
async function restart(fleet: FleetStage): Promise<() => Promise<number>> {
  const since = new Date().toISOString();
  await fleet.crash();
  await fleet.boot(NO_LATER_LISTING);
  return async () => {
    const path = `/events?type=engine_ordered&since=${since}`;
    return ((await fleet.product.api('GET', path)).body as unknown[]).length;
  };
}

describeWithDocker('a restart of the product', () => {
  it('killed: its engines are adopted, none is removed or created, and their old sessions are stopped', async () => {
    const fleet = await openFleet();
    const before = ids(await fleet.engines());
    const content = newContentId();
    await fleet.watch(content);
    const requested = await restart(fleet);
    const after = await fleet.healthy(2);
    expect(ids(after)).toEqual(before);
    // The same content plays at once, because its old session was stopped.
    await fleet.watch(content);
    expect(ids(await fleet.settled(2))).toEqual(before);
    expect(await requested()).toBe(0);
  });

  it('twenty engines are adopted by one listing', async () => {
    const fleet = await openFleet({
      env: { MIN_REPLICAS: '20', MAX_REPLICAS: '20', ENGINE_PARALLEL_STARTS: '5' },
      engines: 0,
    });
    const before = ids(await fleet.healthy(20, MANY_ENGINES_MS));
    const requested = await restart(fleet);
    const after = await fleet.healthy(20);
    expect(ids(after)).toEqual(before);
    expect(await requested()).toBe(0);
  }, 480_000);

  it.each([
    ['keep', 2],
    ['remove', 0],
  ])('asked to end with ENGINES_ON_SHUTDOWN=%s: %i containers are left', async (what, left) => {
    const fleet = await openFleet({ env: { ENGINES_ON_SHUTDOWN: what } });
    await fleet.product.stop('SIGINT');
    expect(await fleet.containers()).toHaveLength(left);
    const said = messages(fleet).filter((line) => line.includes('running'));
    if (left === 0) {
      expect(said).toEqual([]);
      return;
    }
    expect(said).toEqual([
      expect.stringMatching(/^2 engines keep running; set ENGINES_ON_SHUTDOWN=remove /),
    ]);
    await fleet.boot();
    await fleet.settled(2);
  });

  it('killed repeatedly while it creates engines: nothing is left over, and nothing exists twice', async () => {
    const fleet = await openFleet({ engines: 0, env: { ENGINE_PARALLEL_STARTS: '4' } });
    for (const waitMs of [0, 40, 80, 120, 200, 300]) {
      await fleet.crash();
      await fleet.boot({ MIN_REPLICAS: '4' });
      await delay(waitMs);
    }
    await fleet.settled(4);
  });

  it('a container that was created and never started is removed', async () => {
    const fleet = await openFleet();
    await fleet.product.stop();
    const [one] = await fleet.containers();
    const labels = JSON.parse(
      await fleet.docker('inspect', '--format', '{{json .Config.Labels}}', one!.id),
    ) as Record<string, string>;
    const words = Object.entries({ ...labels, 'dev.acefleet.key': 'abcdefabcdef' }).flatMap(
      ([name, value]) => ['--label', `${name}=${value}`],
    );
    await fleet.docker('create', ...words, 'acefleet-simulator:test');
    expect(await fleet.containers()).toHaveLength(3);
    await fleet.boot();
    await fleet.settled(2);
  });

  it('with other settings: its engines are replaced one by one, each when it has no stream', async () => {
    const fleet = await openFleet();
    const before = ids(await fleet.engines());
    const content = newContentId();
    await fleet.watch(content);
    await fleet.crash();
    // The viewer is back before the first engine is replaced.
    await fleet.boot({ ENGINE_MEMORY_LIMIT: '300MiB', ENGINE_REPLACEMENT_COOLDOWN: '3s' });
    const viewer = await fleet.watch(content);
    const used = (await fleet.engineOf(viewer)).id;
    await eventually(
      async () => {
        const engines = await fleet.engines();
        const fresh = engines.filter(
          ({ id, state }) => !before.includes(id) && state === 'healthy',
        );
        return fresh.length === 2 && engines.length <= 3;
      },
      90_000,
      'two new engines',
    );
    if (before.includes(used)) expect(ids(await fleet.engines())).toContain(used);
    expect(viewer.ending).toBeNull();
    viewer.destroy();
    const after = await fleet.settled(2);
    expect(ids(after).filter((id) => before.includes(id))).toEqual([]);
  });

  it('two products on one Docker host never change each other’s engines', async () => {
    const one = await openFleet();
    const two = await openFleet();
    await one.product.api('POST', '/scale/3');
    await two.product.api('POST', '/gc');
    const [ofOne, ofTwo] = await Promise.all([one.settled(3), two.settled(2)]);
    expect(ids(ofOne).filter((id) => ids(ofTwo).includes(id))).toEqual([]);
    await two.product.stop();
    await one.settled(3);
  });

  it('reports the engines of another installation, and the logged command removes only those', async () => {
    const left = await openFleet();
    await left.product.stop();
    const fleet = await openFleet();
    const command = await eventually(
      () =>
        messages(fleet)
          .filter((line) => /^2 engines of another installation run here /.test(line))
          .map((line) => /remove them with: (docker rm .*)$/.exec(line)?.[1] ?? '')
          .find((line) => line.includes(left.instance)),
      30_000,
      'the notice',
    );
    execFileSync('sh', ['-c', command], { stdio: 'ignore' });
    expect(await left.containers()).toEqual([]);
    await fleet.settled(2);
    const [own] = messages(fleet).filter((line) => line.includes(fleet.instance));
    expect(own).toBeUndefined();
  });
});
