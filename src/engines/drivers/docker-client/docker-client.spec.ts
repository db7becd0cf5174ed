import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DockerClient, pingDocker } from './docker-client';
import { DockerError, isAbsent } from './docker-error';
import { answer, BAD_BEHAVIOURS, eventually, FakeDocker, refuse } from './fake-docker.spec-support';
import { withLag } from '../../../kernel/testing/lag.spec-support';

/** Deadlines that are short enough for a test to wait for, and long enough for everything that must happen before. */
const LIMIT_MS = 1500;
const SHORT = {
  readMs: LIMIT_MS,
  changeMs: LIMIT_MS,
  killMs: 0,
  endMarginMs: LIMIT_MS,
  pullMs: LIMIT_MS,
  pullSilenceMs: LIMIT_MS,
  sampleGapMs: 1,
};
/** Tolerance for a busy machine. Deadline and tolerance together are shorter than a production deadline. */
const SLACK_MS = 3000;
/** The production deadlines, for tests of other behaviour. */
const PATIENT: Partial<typeof SHORT> = {};

const ID = 'a'.repeat(64);
type Verb = (client: DockerClient, signal?: AbortSignal) => Promise<unknown>;

const VERBS: Readonly<Record<string, Verb>> = {
  ping: (client, signal) => client.ping(signal),
  version: (client, signal) => client.version(signal),
  info: (client, signal) => client.info(signal),
  'list containers': (client, signal) => client.containers.list(['x'], signal),
  'inspect a container': (client, signal) => client.containers.inspect(ID, signal),
  'find a container': (client, signal) => client.containers.find(ID, signal),
  create: (client, signal) => client.containers.create('n', { Image: 'i' }, signal),
  start: (client, signal) => client.containers.start(ID, signal),
  stop: (client, signal) => client.containers.stop(ID, 0, signal),
  restart: (client, signal) => client.containers.restart(ID, 0, signal),
  unpause: (client, signal) => client.containers.unpause(ID, signal),
  remove: (client, signal) => client.containers.remove(ID, signal),
  logs: (client, signal) => client.containers.logs(ID, 10, signal),
  usage: (client, signal) => client.containers.usage(ID, signal),
  'find an image': (client, signal) => client.images.find('a/b:c', signal),
  pull: (client, signal) => client.images.pull('a/b:c', () => undefined, signal),
  'find a network': (client, signal) => client.networks.find('n', signal),
  'list services': (client, signal) => client.swarm.listServices([], signal),
  'find a service': (client, signal) => client.swarm.findService('s', signal),
  'create a service': (client, signal) => client.swarm.createService({ Name: 's' }, signal),
  'update a service': (client, signal) => client.swarm.updateService('s', 1, {}, signal),
  'remove a service': (client, signal) => client.swarm.removeService('s', signal),
  'list tasks': (client, signal) => client.swarm.listTasks({ service: ['s'] }, signal),
  'list nodes': (client, signal) => client.swarm.listNodes(signal),
  'service logs': (client, signal) => client.swarm.serviceLogs('s', 10, signal),
  events: (client, signal) => client.streamEvents({}, signal ?? new AbortController().signal),
};

interface Outcome {
  readonly code: string;
  readonly status: number | null;
  readonly isInTime: boolean;
  readonly isOneLine: boolean;
}

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  const startedAt = performance.now();
  const failure: unknown = await call().then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  if (!(failure instanceof DockerError)) throw failure;
  return {
    code: failure.code,
    status: failure.status,
    isInTime: performance.now() - startedAt < LIMIT_MS + SLACK_MS,
    isOneLine: /^[^\r\n]{1,300}$/.test(failure.message),
  };
}

let fake: FakeDocker;
const clients: DockerClient[] = [];

function newClient(tuning: Partial<typeof SHORT> = SHORT): DockerClient {
  const client = new DockerClient(fake.dockerHost, tuning);
  clients.push(client);
  return client;
}

beforeEach(async () => {
  fake = await FakeDocker.open();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await eventually(() => fake.openSockets === 0);
  await fake.close();
});

describe('every call fails in time and frees its connection when Docker', () => {
  const BAD: Outcome = {
    code: 'docker_unavailable',
    status: null,
    isInTime: true,
    isOneLine: true,
  };

  it.each(Object.entries(BAD_BEHAVIOURS))('%s', async (name, behaviour) => {
    fake.behaviour = behaviour;
    const verbs = Object.entries(VERBS).filter(([verb]) => isChecked(verb, name));
    const outcomes = await Promise.all(
      verbs.map(async ([verb, call]) => {
        const client = newClient();
        const outcome = await outcomeOf(() => call(client));
        // A connection on which a valid answer arrived is kept for the next call.
        await eventually(() => client.openSockets <= (ANSWERED.test(name) ? 1 : 0));
        return [verb, outcome];
      }),
    );
    // If a pull began and does not end, Docker does not report the cause; the image is missing then.
    const expected = verbs.map(([verb]) => [
      verb,
      verb === 'pull' && /of its answer|single bytes/.test(name) && !name.startsWith('breaks')
        ? { ...BAD, code: 'image_missing' }
        : BAD,
    ]);
    expect(outcomes).toEqual(expected);
  });

  it('has an answer without end', async () => {
    fake.behaviour = (_, response) => {
      const megabyte = 'x'.repeat(1024 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(megabyte));
      };
      response.on('drain', more);
      more();
    };
    const client = new DockerClient(fake.dockerHost, { readMs: 20_000 });
    clients.push(client);
    const before = process.memoryUsage().arrayBuffers;
    await expect(client.containers.list([])).rejects.toThrow('too long');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
    await eventually(() => fake.openSockets === 0);
  });

  it('is absent', async () => {
    const gone = new DockerClient('unix:///nonexistent/docker.sock', SHORT);
    const refused = new DockerClient('tcp://127.0.0.1:1', SHORT);
    for (const call of Object.values(VERBS)) {
      expect(await outcomeOf(() => call(gone))).toEqual(BAD);
      expect(await outcomeOf(() => call(refused))).toEqual(BAD);
    }
    await expect(gone.ping()).rejects.toThrow(
      'Docker cannot be reached at /nonexistent/docker.sock: ENOENT',
    );
    await expect(refused.ping()).rejects.toThrow(
      'Docker cannot be reached at 127.0.0.1:1: ECONNREFUSED',
    );
    gone.close();
    refused.close();
  });
});

/** Behaviours after which the connection is still usable. */
const ANSWERED = /web server|proxy|redirects/;

/** Some calls check only the status, so any 2xx satisfies them; a stream is checked only up to its head. */
function isChecked(verb: string, behaviour: string): boolean {
  const goesByStatus = /^(?:start|stop|restart|unpause|remove|update|logs|service logs)/;
  if (behaviour === 'is another web server') return verb !== 'events' && !goesByStatus.test(verb);
  const isBegunStream = /in the middle of its answer|single bytes/.test(behaviour);
  return verb !== 'events' || !isBegunStream;
}

describe('a refusal', () => {
  it.each<[string, number, string, string]>([
    ['create', 404, 'No such image: i:latest', 'image_missing'],
    [
      'create',
      409,
      'Conflict. The container name "/n" is already in use by container "b".',
      'name_conflict',
    ],
    ['create', 400, 'invalid reference format', 'runtime_refused'],
    [
      'start',
      500,
      'driver failed: Bind for 0.0.0.0:80 failed: port is already allocated',
      'port_conflict',
    ],
    ['start', 404, 'network engines not found', 'network_missing'],
    ['start', 404, 'No such container: a', 'runtime_refused'],
    ['restart', 500, 'listen tcp4 127.0.0.1:80: bind: address already in use', 'port_conflict'],
    ['stop', 500, 'cannot stop container: permission denied', 'runtime_refused'],
    ['remove', 500, 'driver "overlay2" failed to remove root filesystem', 'runtime_refused'],
    ['list containers', 400, 'invalid filter', 'runtime_refused'],
    ['usage', 404, 'No such container: a', 'runtime_refused'],
    ['logs', 501, 'configured logging driver does not support reading', 'runtime_refused'],
    ['pull', 404, 'pull access denied for a/b', 'image_missing'],
    ['pull', 500, 'Get "https://registry/v2/": dial tcp: i/o timeout', 'image_missing'],
    [
      'create a service',
      409,
      'rpc error: code = AlreadyExists desc = name conflicts: service s already exists',
      'name_conflict',
    ],
    ['list services', 503, 'This node is not a swarm manager.', 'runtime_refused'],
  ])('of %s with %i %s is %s', async (verb, status, message, code) => {
    fake.behaviour = refuse(status, message);
    const client = newClient(PATIENT);
    const outcome = await outcomeOf(() => VERBS[verb]!(client));
    expect(outcome).toMatchObject({ code, status });
    expect(client.openSockets).toBeLessThanOrEqual(1);
  });

  it('keeps the message of Docker as one line of bounded length', async () => {
    fake.behaviour = refuse(500, `one\ntwo \u001b[31m${'x'.repeat(100_000)}`);
    const failure: unknown = await newClient(PATIENT)
      .containers.start(ID)
      .catch((error: unknown) => error);
    const { message } = failure as Error;
    expect(message).toMatch(/^one two \[31mx+…$/);
    expect(message).toHaveLength(300);
  });

  it('of a proxy in front of Docker does not count as an absence', async () => {
    fake.behaviour = (_, response) => response.writeHead(404).end('404 page not found');
    expect(await outcomeOf(() => newClient(PATIENT).containers.find(ID))).toMatchObject({
      status: null,
    });
    fake.behaviour = (_, response) => response.writeHead(403).end('<html>Forbidden</html>');
    const forbidden = { code: 'runtime_refused', status: 403 };
    expect(await outcomeOf(() => newClient(PATIENT).containers.remove(ID))).toMatchObject(
      forbidden,
    );
  });
});

it('follows no redirect', async () => {
  fake.behaviour = (_, response) => response.writeHead(301, { Location: '/elsewhere' }).end();
  const outcome = await outcomeOf(() => newClient(PATIENT).ping());
  expect(outcome).toMatchObject({ code: 'docker_unavailable', status: null });
  expect(fake.received.map(({ path }) => path)).toEqual(['/_ping']);
});

describe('a call with nothing left to do', () => {
  const containers = () => newClient(PATIENT).containers;

  it.each<[string, number, string, () => Promise<unknown>, string]>([
    ['start', 304, '', () => containers().start(ID), 'already'],
    ['stop', 304, '', () => containers().stop(ID, 1), 'already'],
    ['stop', 404, 'No such container: a', () => containers().stop(ID, 1), 'absent'],
    ['remove', 404, 'No such container: a', () => containers().remove(ID), 'absent'],
    [
      'remove',
      409,
      'removal of container a is already in progress',
      () => containers().remove(ID),
      'already',
    ],
    ['unpause', 500, 'Container a is not paused', () => containers().unpause(ID), 'already'],
    [
      'remove a service',
      404,
      'service a not found',
      () => newClient().swarm.removeService('a'),
      'absent',
    ],
  ])('%s with %i %s is not a failure', async (_, status, message, call, done) => {
    fake.behaviour = status === 304 ? answer(304) : refuse(status, message);
    expect(await call()).toBe(done);
  });

  it('is distinguished from a call that changed something', async () => {
    fake.behaviour = answer(204);
    expect(await containers().start(ID)).toBe('done');
    expect(await containers().remove(ID)).toBe('done');
    fake.behaviour = refuse(404, 'No such container: a');
    expect(await containers().find(ID)).toBeNull();
    const failure: unknown = await containers()
      .inspect(ID)
      .catch((error: unknown) => error);
    expect(isAbsent(failure)).toBe(true);
    expect(isAbsent(new Error('404'))).toBe(false);
  });

  it('reports an invalid name as absent without a call', async () => {
    expect(await containers().find('../info')).toBeNull();
    expect(await containers().remove('a?force=1')).toBe('absent');
    expect(fake.received).toEqual([]);
  });
});

describe('requests', () => {
  it('are those that Docker knows', async () => {
    fake.behaviour = answer(200, []);
    const client = newClient(PATIENT);
    await client.containers.list(['a=b', 'c']);
    fake.behaviour = answer(201, { Id: ID });
    expect(await client.containers.create('n', { Image: 'i', Cmd: ['x'] })).toBe(ID);
    fake.behaviour = answer(204);
    await client.containers.stop(ID, 7);
    await client.containers.remove(ID);
    const [list, create, stop, remove] = fake.received;
    expect(list).toMatchObject({ method: 'GET', path: '/containers/json', body: null });
    expect(list?.query.get('all')).toBe('true');
    expect(JSON.parse(list?.query.get('filters') ?? '')).toEqual({ label: ['a=b', 'c'] });
    expect(create).toMatchObject({ path: '/containers/create', body: { Image: 'i', Cmd: ['x'] } });
    expect(create?.query.get('name')).toBe('n');
    expect(stop).toMatchObject({ method: 'POST', path: `/containers/${ID}/stop`, body: null });
    expect(stop?.query.get('t')).toBe('7');
    expect(remove).toMatchObject({ method: 'DELETE', path: `/containers/${ID}` });
    expect(String(remove?.query)).toBe('force=true&v=true');
  });

  it('use ten connections at most, and their deadlines include the wait for one', async () => {
    fake.behaviour = BAD_BEHAVIOURS['says nothing']!;
    const client = newClient();
    const startedAt = performance.now();
    const calls = Array.from({ length: 200 }, (_, index) =>
      outcomeOf(() => (index % 10 === 0 ? VERBS['pull']! : VERBS['list containers']!)(client)),
    );
    const outcomes = await Promise.all(calls);
    expect(performance.now() - startedAt).toBeLessThan(withLag(LIMIT_MS + SLACK_MS));
    expect(new Set(outcomes.map(({ code }) => code))).toEqual(new Set(['docker_unavailable']));
    expect(fake.peakSockets).toBe(10);
    await eventually(() => client.openSockets === 0 && fake.openSockets === 0);
  });

  it('that read are answered during any number of slow changes', async () => {
    const patient = new DockerClient(fake.dockerHost, { readMs: 15_000, endMarginMs: 60_000 });
    clients.push(patient);
    fake.behaviour = (request, response) => {
      if (request.method === 'GET') answer(200, [])(request, response);
    };
    const stops = Array.from({ length: 20 }, (_, n) => patient.containers.stop(`c${n}`, 0));
    const ends = Promise.allSettled(stops);
    await eventually(() => fake.received.length >= 4);
    await expect(patient.containers.list(['x'])).resolves.toEqual([]);
    patient.close();
    expect((await ends).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('succeed again as soon as Docker answers', async () => {
    fake.behaviour = BAD_BEHAVIOURS['says nothing']!;
    const client = newClient();
    await Promise.all(Array.from({ length: 20 }, () => outcomeOf(() => client.ping())));
    fake.behaviour = answer(200, []);
    await expect(client.containers.list([])).resolves.toEqual([]);
  });

  it('are repeated once if they only read and a kept connection was closed', async () => {
    const client = newClient(PATIENT);
    const once = (then: ReturnType<typeof answer>): void => {
      fake.behaviour = (request) => {
        fake.behaviour = then;
        request.socket.destroy();
      };
    };
    once(answer(200, []));
    await expect(client.containers.list([])).resolves.toEqual([]);
    once(answer(201, { Id: ID }));
    // The client cannot know whether the first call had an effect.
    expect(await outcomeOf(() => client.containers.create('n', {}))).toMatchObject({
      status: null,
    });
  });

  it.each(Object.entries(VERBS))('%s ends when its caller aborts', async (_, call) => {
    fake.behaviour = BAD_BEHAVIOURS['says nothing']!;
    const caller = new AbortController();
    const reason = new Error('the caller has gone');
    const client = new DockerClient(fake.dockerHost);
    clients.push(client);
    const outcome = call(client, caller.signal).catch((error: unknown) => error);
    await eventually(() => fake.received.length === 1);
    caller.abort(reason);
    expect(await outcome).toBe(reason);
    await eventually(() => fake.openSockets === 0);
    expect(await call(client, caller.signal).catch((error: unknown) => error)).toBe(reason);
    expect(fake.received).toHaveLength(1);
  });

  it('end when the client is closed', async () => {
    fake.behaviour = BAD_BEHAVIOURS['says nothing']!;
    const client = new DockerClient(fake.dockerHost);
    clients.push(client);
    const outcomes = Object.values(VERBS).map((call) => outcomeOf(() => call(client)));
    // Six calls, a pull and events are open; the other calls wait.
    await eventually(() => fake.openSockets === 8);
    client.close();
    for (const outcome of outcomes) expect((await outcome).code).toBe('docker_unavailable');
    await eventually(() => fake.openSockets === 0);
    await expect(client.ping()).rejects.toThrow('the Docker client is closed');
  });
});

describe('pingDocker', () => {
  const ok = (_: unknown, response: ServerResponse): void => void response.end('OK');

  it('finds out whether a Docker Engine answers and leaves no connection behind', async () => {
    fake.behaviour = ok;
    expect(await pingDocker(fake.dockerHost, 10_000)).toBeNull();
    for (const behaviour of Object.values(BAD_BEHAVIOURS)) {
      fake.behaviour = behaviour;
      expect(await pingDocker(fake.dockerHost, 50)).toBeInstanceOf(DockerError);
    }
    expect((await pingDocker('unix:///nonexistent.sock', 1000))?.message).toContain('ENOENT');
    await eventually(() => fake.openSockets === 0);
  });

  it.each(['127.0.0.1', '::1'])('finds one that listens at %s', async (host) => {
    const server = createServer((request, response) => {
      ok(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const name = host.includes(':') ? `[${host}]` : host;
    for (const scheme of ['tcp', 'http']) {
      expect(await pingDocker(`${scheme}://${name}:${port}`, 10_000)).toBeNull();
    }
    // Resolves only when no connection is open.
    await new Promise((resolve) => server.close(resolve));
  });
});
