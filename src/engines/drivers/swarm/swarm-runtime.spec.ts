import { Logger } from '@nestjs/common';
import { loadConfig } from '../../../config';
import { DockerClient } from '../docker-client';
import {
  answer,
  eventually,
  FakeDocker,
  type Behaviour,
  refuse,
} from '../docker-client/fake-docker.spec-support';
import { RuntimeError } from '../engine-runtime.port';
import { INSTANCE, service, task } from './swarm-facts.spec-support';
import { SwarmRuntime } from './swarm-runtime';

const REQUEST = { key: '0123456789ab', vpnSlot: null };
const NEVER = new AbortController().signal;
const SERVICE = service(null);
const VERSION = answer(200, { Version: '27', Arch: 'amd64' });
const PREPARING = answer(200, [task({ State: 'preparing' })]);
/** A task with its id only. */
const NO_TASK = answer(200, [{ ID: 'task-2' }]);

let fake: FakeDocker;
let runtime: SwarmRuntime;
/** How the Swarm lists tasks; all other calls succeed. */
let tasks: Behaviour;

beforeEach(async () => {
  Logger.overrideLogger(false);
  fake = await FakeDocker.open();
  tasks = answer(200, [task()]);
  fake.behaviour = (request, response) => route(request.url ?? '')(request, response);
  const config = loadConfig({ DOCKER_HOST: fake.dockerHost, ENGINE_REACH: 'published' });
  const bus = { publish: () => undefined };
  runtime = new SwarmRuntime(config, INSTANCE, bus, new DockerClient(config.dockerHost));
});

afterEach(async () => {
  await runtime.close();
  await fake.close();
});

function route(url: string): Behaviour {
  if (url.startsWith('/info')) return answer(200, { ID: 'fake', Swarm: { NodeID: 'node-1' } });
  if (url.startsWith('/version')) return VERSION;
  if (url.startsWith('/tasks')) return tasks;
  if (url.startsWith('/services/create')) return answer(201, { ID: SERVICE.ID });
  if (url.startsWith('/services/')) return answer(200, SERVICE);
  if (url.startsWith('/services')) return answer(200, []);
  return refuse(404, 'not found');
}

const isAsked = (method: string, path: string) => () =>
  fake.received.some((each) => each.method === method && each.path.startsWith(path));
const isRemoved = isAsked('DELETE', `/services/${SERVICE.ID}`);

async function failureOf(call: Promise<unknown>): Promise<RuntimeError> {
  const failure = await call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  if (failure instanceof RuntimeError) return failure;
  throw failure;
}

describe('a provisioning request of a Swarm', () => {
  it('ends with the engine once its task runs', async () => {
    const engine = await runtime.provision(REQUEST, NEVER);
    expect(engine).toMatchObject({ id: SERVICE.ID, phase: 'running' });
    expect(isRemoved()).toBe(false);
  });

  it('fails with the reason when answers are invalid, and not as a cancellation', async () => {
    tasks = NO_TASK;
    const failure = await failureOf(runtime.provision(REQUEST, NEVER));
    expect(failure).toMatchObject({ code: 'docker_unavailable', cause: expect.any(TypeError) });
    expect(failure.message).toContain('Docker gave an invalid answer');
    expect(isRemoved()).toBe(true);
  });

  it('is cancelled when its signal fired, and keeps the reason', async () => {
    tasks = PREPARING;
    const calling = new AbortController();
    const outcome = failureOf(runtime.provision(REQUEST, calling.signal));
    await eventually(isAsked('GET', '/tasks'));
    const cause = new Error('nobody wants it');
    calling.abort(cause);
    expect(await outcome).toMatchObject({ message: 'the request was cancelled', cause });
    expect(isRemoved()).toBe(true);
  });

  it('fails with the reason when the program ends', async () => {
    tasks = PREPARING;
    const outcome = failureOf(runtime.provision(REQUEST, NEVER));
    await eventually(isAsked('GET', '/tasks'));
    await runtime.close();
    expect(await outcome).toMatchObject({ code: 'docker_unavailable' });
  });
});

describe('a restart in a Swarm', () => {
  it('fails with the reason when answers are invalid', async () => {
    const restarted = runtime.restart(SERVICE.ID);
    await eventually(isAsked('POST', `/services/${SERVICE.ID}/update`));
    tasks = NO_TASK;
    expect(await failureOf(restarted)).toMatchObject({
      code: 'docker_unavailable',
      cause: expect.any(TypeError),
    });
  });
});

describe('a listing of a Swarm', () => {
  it.each<[string, Behaviour, RegExp]>([
    [
      'is not in a Swarm',
      refuse(503, 'This node is not a swarm manager.'),
      /^this Docker Engine is not a manager of a Swarm/,
    ],
    ['refuses', refuse(400, 'invalid filter'), /^invalid filter$/],
    ['sends invalid answers', answer(200, [{ ID: 'a', ServiceID: SERVICE.ID }]), /invalid answer/],
  ])('fails without engines when Docker %s', async (_, behaviour, words) => {
    fake.behaviour = (request, response) => {
      const url = request.url ?? '';
      if (url.startsWith('/version')) VERSION(request, response);
      else if (url.startsWith('/services')) answer(200, [SERVICE])(request, response);
      else behaviour(request, response);
    };
    const failure = await failureOf(runtime.list());
    expect(failure.code).toBe('docker_unavailable');
    expect(failure.message).toMatch(words);
    expect(runtime.link).toMatchObject({ state: 'lost', reason: failure.message });
  });

  it('clears the failure of the previous listing', async () => {
    tasks = refuse(500, 'it went wrong');
    await failureOf(runtime.list());
    tasks = answer(200, []);
    await runtime.list();
    expect(runtime.link.state).toBe('connecting');
  });
});
