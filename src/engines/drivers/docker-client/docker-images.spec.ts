import { DockerClient } from './docker-client';
import { answer, eventually, FakeDocker, type Behaviour } from './fake-docker.spec-support';
import { PullMeter, type PullProgress } from './docker-images';

let fake: FakeDocker;
let client: DockerClient;

beforeEach(async () => {
  fake = await FakeDocker.open();
  client = new DockerClient(fake.dockerHost, { pullSilenceMs: 200, pullMs: 500 });
});

afterEach(async () => {
  client.close();
  await eventually(() => fake.openSockets === 0);
  await fake.close();
});

/** Answers with these messages and a pause between them. Without `ends` the answer stays open after the last one. */
function messages(
  all: readonly object[],
  options: { everyMs?: number; ends?: boolean } = {},
): Behaviour {
  const { everyMs = 1, ends = true } = options;
  return (_, response) => {
    const left = [...all];
    const timer = setInterval(() => {
      const next = left.shift();
      if (next !== undefined) response.write(`${JSON.stringify(next)}\r\n`);
      else if (ends) response.end();
    }, everyMs);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
}

const downloading = (id: string, current: number, total: number): object => ({
  status: 'Downloading',
  id,
  progressDetail: { current, total },
});

async function pull(reference = 'a/b:c'): Promise<PullProgress[]> {
  const seen: PullProgress[] = [];
  await client.images.pull(reference, (progress) => seen.push(progress));
  return seen;
}

describe('a pull', () => {
  it('reports its progress', async () => {
    fake.behaviour = messages([
      { status: 'Pulling from a/b', id: 'c' },
      { status: 'Pulling fs layer', progressDetail: {}, id: 'l1' },
      downloading('l1', 10, 100),
      downloading('l2', 0, 50),
      downloading('l1', 60, 100),
      { status: 'Download complete', progressDetail: {}, id: 'l1' },
      { status: 'Extracting', progressDetail: { current: 5, total: 100 }, id: 'l1' },
      { status: 'Pull complete', progressDetail: {}, id: 'l2' },
      { status: 'Status: Downloaded newer image for a/b:c' },
    ]);
    expect(await pull()).toEqual([
      { currentBytes: 10, totalBytes: 100 },
      { currentBytes: 10, totalBytes: 150 },
      { currentBytes: 60, totalBytes: 150 },
      { currentBytes: 100, totalBytes: 150 },
      { currentBytes: 150, totalBytes: 150 },
    ]);
  });

  it.each([
    ['a/b', 'a/b', 'latest'],
    ['a/b:c', 'a/b:c', null],
    ['host:5000/a/b', 'host:5000/a/b', 'latest'],
    ['host:5000/a/b:c', 'host:5000/a/b:c', null],
    ['a/b@sha256:0f', 'a/b@sha256:0f', null],
  ])('of %s requests one image', async (reference, fromImage, tag) => {
    fake.behaviour = messages([]);
    await pull(reference);
    const [{ query } = { query: new URLSearchParams() }] = fake.received;
    expect([query.get('fromImage'), query.get('tag')]).toEqual([fromImage, tag]);
  });

  it('fails when the registry refuses after the start', async () => {
    const message = 'manifest for a/b:c not found: manifest unknown';
    fake.behaviour = messages(
      [{ status: 'Pulling' }, { errorDetail: { message }, error: message }],
      {
        ends: false,
      },
    );
    await expect(pull()).rejects.toMatchObject({ code: 'image_missing', message });
    await eventually(() => client.openSockets === 0);
  });

  it('fails when no more messages arrive', async () => {
    fake.behaviour = messages([downloading('l1', 1, 2)], { ends: false });
    await expect(pull()).rejects.toMatchObject({
      code: 'image_missing',
      message: 'the pull made no progress for 0.2 s',
    });
    await eventually(() => client.openSockets === 0);
  });

  it('fails when it takes too long in total', async () => {
    const slow = Array.from({ length: 1000 }, (_, index) => downloading('l1', index, 1000));
    fake.behaviour = messages(slow, { everyMs: 20 });
    await expect(pull()).rejects.toMatchObject({
      code: 'image_missing',
      message: /took longer than/,
    });
    await eventually(() => client.openSockets === 0);
  });

  it('fails when Docker closes the connection', async () => {
    fake.behaviour = (_, response) => {
      response.write(`${JSON.stringify(downloading('l1', 1, 2))}\n`, () => response.destroy());
    };
    await expect(pull()).rejects.toMatchObject({ code: 'docker_unavailable' });
  });

  it('ends when its caller aborts', async () => {
    const caller = new AbortController();
    const reason = new Error('gone');
    fake.behaviour = messages([downloading('l1', 1, 2)], { ends: false });
    const over = client.images.pull('a/b:c', () => caller.abort(reason), caller.signal);
    await expect(over).rejects.toBe(reason);
    await eventually(() => client.openSockets === 0);
  });
});

describe('PullMeter', () => {
  it.each([
    ['no object', null],
    ['no layer', { status: 'Downloading', progressDetail: { current: 1, total: 2 } }],
    ['no total', { status: 'Downloading', id: 'l', progressDetail: { current: 1 } }],
    ['nonsense', { status: 'Downloading', id: 'l', progressDetail: { current: 'x', total: -1 } }],
    ['a layer that was there before', { status: 'Pull complete', id: 'l' }],
  ])('ignores %s', (_, message) => {
    const meter = new PullMeter();
    expect(meter.read(message)).toBe(false);
    expect(meter.progress).toEqual({ currentBytes: 0, totalBytes: 0 });
  });

  it('is bounded', () => {
    const meter = new PullMeter();
    for (let layer = 0; layer < 5000; layer += 1) meter.read(downloading(`l${layer}`, 1, 1));
    expect(meter.progress.totalBytes).toBe(1000);
  });
});

describe('an image', () => {
  it('is found by its complete reference', async () => {
    fake.behaviour = answer(200, { Id: 'sha256:1', RepoTags: null });
    expect(await client.images.find('localhost:5000/a:b')).toMatchObject({ Id: 'sha256:1' });
    expect(decodeURIComponent(fake.received[0]?.path ?? '')).toBe(
      '/images/localhost:5000/a:b/json',
    );
    fake.behaviour = answer(404, { message: 'No such image: a:b' });
    expect(await client.images.find('a:b')).toBeNull();
  });

  it('has the digest that the registry reports', async () => {
    fake.behaviour = answer(200, { Descriptor: { digest: 'sha256:2' }, Platforms: [] });
    expect(await client.images.digest('lan/a:b')).toBe('sha256:2');
    expect(decodeURIComponent(fake.received[0]?.path ?? '')).toBe('/distribution/lan/a:b/json');
    fake.behaviour = answer(200, {});
    await expect(client.images.digest('lan/a:b')).rejects.toMatchObject({ code: 'image_missing' });
    fake.behaviour = answer(403, { message: 'denied' });
    await expect(client.images.digest('lan/a:b')).rejects.toMatchObject({ code: 'image_missing' });
  });

  it('stays while a container uses it', async () => {
    fake.behaviour = answer(409, { message: 'image is being used by running container 1' });
    await expect(client.images.remove('sha256:1')).rejects.toMatchObject({
      code: 'runtime_refused',
    });
    fake.behaviour = answer(200, [{ Deleted: 'sha256:1' }]);
    expect(await client.images.remove('sha256:1')).toBe('done');
  });
});
