import { Logger } from '@nestjs/common';
import { loadConfig } from '../../../config';
import {
  type ProvisioningRequest,
  RuntimeError,
  type ObservedEngine,
} from '../engine-runtime.port';
import { DockerClient } from '../docker-client';
import {
  answer,
  BAD_BEHAVIOURS,
  eventually,
  refuse,
  type Behaviour,
} from '../docker-client/fake-docker.spec-support';
import { DockerRuntime } from './docker-runtime';
import { ToyDaemon, type ToyVerb } from './toy-daemon.spec-support';

/** Short, because the test waits for it. Every other deadline is long, because a busy machine may be slow. */
const HANGING_MS = 300;
const INSTANCE = 'toy';
const NEVER = new AbortController().signal;

let daemon: ToyDaemon;
let runtime: DockerRuntime;
let lastKey: number;

beforeEach(async () => {
  Logger.overrideLogger(false);
  daemon = await ToyDaemon.open();
  lastKey = 0;
  runtime = openRuntime(INSTANCE);
});

afterEach(async () => {
  await runtime.close();
  await daemon.close();
});

function openRuntime(instance: string, limitMs?: number): DockerRuntime {
  const config = loadConfig({
    DOCKER_HOST: daemon.dockerHost,
    ENGINE_IMAGE: 'toy/engine:1',
    ENGINE_REACH: 'published',
    PORT_RANGE_HOST: '19000-19004',
  });
  const tuning =
    limitMs === undefined
      ? {}
      : { readMs: limitMs, changeMs: limitMs, endMarginMs: limitMs, killMs: 0 };
  const client = new DockerClient(config.dockerHost, tuning);
  return new DockerRuntime(config, instance, { publish: () => undefined }, client);
}

function request(over: Partial<ProvisioningRequest> = {}): ProvisioningRequest {
  lastKey += 1;
  return { key: lastKey.toString(16).padEnd(12, '0'), vpnSlot: null, ...over };
}

const provision = (): Promise<ObservedEngine> => runtime.provision(request(), NEVER);

/** Errors of Docker itself, in addition to answers that do not come from Docker. */
const DOCKER_ERRORS: Readonly<Record<string, Behaviour>> = {
  ...Object.fromEntries(
    [
      'says nothing',
      'hangs up',
      'is another web server',
      'breaks off in the middle of its answer',
    ].map((name) => [name, BAD_BEHAVIOURS[name]!]),
  ),
  'says that it failed': refuse(500, 'it went wrong'),
  'says that there is a conflict': refuse(409, 'a conflict'),
  'answers with an empty object': answer(200, {}),
};

const VERBS: readonly ToyVerb[] = ['list', 'image', 'create', 'start', 'inspect'];

const CASES = VERBS.flatMap((verb) =>
  Object.keys(DOCKER_ERRORS).flatMap((name) => {
    const changes = verb === 'create' || verb === 'start';
    // Docker does not do a call that it refuses.
    const isPlain = name === 'says that there is a conflict';
    return (changes && !isPlain ? [false, true] : [false]).map((isDone) => ({
      verb,
      name,
      isDone,
    }));
  }),
);

const HANGING = new Set(['says nothing']);

async function reopen(): Promise<void> {
  await runtime.close();
  runtime = openRuntime(INSTANCE, HANGING_MS);
}

/** This call has no answer body, so that these behaviours do not matter. */
const HARMLESS = new Set(['is another web server', 'answers with an empty object']);

describe('provisioning while Docker', () => {
  it.each(CASES.filter(({ verb, name }) => verb !== 'start' || !HARMLESS.has(name)))(
    '$name at $verb (done nevertheless: $isDone) fails with a code and leaves nothing',
    async ({ verb, name, isDone }) => {
      if (HANGING.has(name)) await reopen();
      daemon.trouble({ verb, behaviour: DOCKER_ERRORS[name]!, isDone });
      const failure: unknown = await provision().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RuntimeError);
      const expected = name.startsWith('says that') ? 'runtime_refused' : 'docker_unavailable';
      expect((failure as RuntimeError).code).toBe(expected);
      // What failed then is done as soon as Docker answers again.
      daemon.trouble();
      expect(await runtime.list()).toEqual([]);
      await eventually(() => daemon.containers.size === 0);
      const ports = await Promise.all([1, 2, 3, 4, 5].map(provision));
      expect(new Set(ports.map(({ endpoint }) => endpoint!.port)).size).toBe(5);
    },
  );

  it.each(['says nothing', 'says that it failed'])(
    '%s during the removal of a failed container: a later listing removes it and does not show it',
    async (name) => {
      if (HANGING.has(name)) await reopen();
      daemon.trouble(
        { verb: 'start', behaviour: refuse(500, 'no') },
        { verb: 'remove', behaviour: DOCKER_ERRORS[name]! },
      );
      await expect(provision()).rejects.toMatchObject({ code: 'runtime_refused', message: 'no' });
      expect(daemon.containers.size).toBe(1);
      expect(await runtime.list()).toEqual([]);
      daemon.trouble();
      expect(await runtime.list()).toEqual([]);
      await eventually(() => daemon.containers.size === 0);
    },
  );
});

describe('conflicts', () => {
  it('tries three ports at most, starts no container twice, and continues behind these ports next time', async () => {
    for (const port of [19_000, 19_001, 19_002, 19_003, 19_004]) daemon.foreignPorts.add(port);
    await expect(provision()).rejects.toMatchObject({ code: 'port_conflict' });
    expect([daemon.count('create'), daemon.count('start'), daemon.count('remove')]).toEqual([
      3, 3, 3,
    ]);
    expect(daemon.containers.size).toBe(0);
    daemon.foreignPorts.clear();
    const ports = [await provision(), await provision()].map(({ endpoint }) => endpoint!.port);
    daemon.foreignPorts.add(19_000);
    expect(new Set(ports).size).toBe(2);
    expect(daemon.count('start')).toBe(5);
  });

  it('keeps the engine that it created at another port', async () => {
    const made = await provision();
    daemon.foreignPorts.add(made.endpoint!.port + 1).add(made.endpoint!.port - 4);
    const second = await provision();
    expect([daemon.count('create'), daemon.count('start')]).toEqual([3, 3]);
    const seen = (await runtime.list()).map(({ id }) => id);
    expect(seen).toEqual([made.id, second.id]);
    expect([daemon.containers.size, daemon.count('remove')]).toEqual([2, 1]);
  });

  it('keeps that engine also when the first container could not be removed, and lists both', async () => {
    const { endpoint } = await provision();
    daemon.foreignPorts.add(endpoint!.port + 1).add(endpoint!.port - 4);
    daemon.trouble({ verb: 'remove', behaviour: refuse(500, 'no'), times: 1 });
    const { id } = await provision();
    const phases = (await runtime.list()).map((engine) => [engine.id === id, engine.phase]);
    expect(phases).toEqual([
      [false, 'running'],
      [false, 'created'],
      [true, 'running'],
    ]);
    expect(daemon.containers.size).toBe(3);
  });

  it('tries up to three random names when one is taken, and never changes the other container', async () => {
    const wanted = request({ key: 'abcdef012345' });
    daemon.foreignNames.add('acefleet-toy-abcdef');
    const { name } = await runtime.provision(wanted, NEVER);
    expect(name).toMatch(/^acefleet-toy-[0-9a-f]{6}$/);
    expect(name).not.toBe('acefleet-toy-abcdef');
    daemon.trouble({
      verb: 'create',
      behaviour: refuse(
        409,
        'Conflict. The container name "/x" is already in use by container "f".',
      ),
    });
    const before = daemon.count('create');
    await expect(provision()).rejects.toMatchObject({ code: 'name_conflict' });
    expect(daemon.count('create') - before).toBe(3);
    expect(daemon.count('remove')).toBe(0);
  });

  it('fails with no_place when engines of any installation use all ports', async () => {
    const other = openRuntime('other');
    const made = [];
    for (let count = 0; count < 5; count += 1) {
      made.push(await (count % 2 === 0 ? runtime : other).provision(request(), NEVER));
    }
    await other.close();
    expect(new Set(made.map(({ endpoint }) => endpoint!.port)).size).toBe(5);
    await expect(provision()).rejects.toMatchObject({ code: 'no_place' });
  });
});

describe('a request that is cancelled', () => {
  it.each<[ToyVerb, number]>([
    ['image', 0],
    ['list', 0],
    ['create', 1],
    ['start', 1],
    ['inspect', 1],
  ])('during %s leaves nothing', async (verb, removed) => {
    const calling = new AbortController();
    daemon.onCall = (asked) => {
      if (asked === verb) calling.abort();
    };
    await expect(runtime.provision(request(), calling.signal)).rejects.toMatchObject({
      code: 'runtime_refused',
      message: 'the request was cancelled',
    });
    expect(daemon.containers.size).toBe(0);
    expect(daemon.count('remove')).toBe(removed);
  });
});
