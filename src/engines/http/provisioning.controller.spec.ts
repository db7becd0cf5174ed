import 'reflect-metadata';
import timers from 'node:timers/promises';
import { AppError, type ErrorCode } from '../../kernel/errors';
import { engineLabels } from '../drivers/containers/engine-labels';
import type { Engine } from '../registry/engine';
import { aStaticStatus, aStatus, FleetApi } from './fleet-api.spec-support';
import { ProvisioningController } from './provisioning.controller';

const PATH = '/provision/acestream';

describe('POST /provision', () => {
  let api: FleetApi;
  let ready: PromiseWithResolvers<Engine>;
  const unhandled: unknown[] = [];
  const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(() => process.on('unhandledRejection', noteUnhandled));
  afterAll(() => {
    process.off('unhandledRejection', noteUnhandled);
    expect(unhandled).toEqual([]);
  });

  beforeEach(async () => {
    api = await new FleetApi().listen(ProvisioningController);
    ready = withResolvers();
    api.fleet.script.provision = () => ({ key: '0123456789ab', ready: ready.promise });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await api.close();
  });

  it.each([PATH, `/api/v1${PATH}`, `${PATH}?wait=false`])(
    'answers %s at once, while the engine is on its way',
    async (path) => {
      const { status, body } = await api.ask('POST', path);
      expect([status, body]).toEqual([
        202,
        { status: 'provisioning', order: '0123456789ab', ignored: [] },
      ]);
    },
  );

  it('waits when it is asked to, and then tells where the engine is', async () => {
    const answer = api.ask('POST', `${PATH}?wait=true`);
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    await eventually(() => api.fleet.asked.length === 1);
    expect(isAnswered).toBe(false);
    ready.resolve(api.engine({ endpoint: { host: '10.0.0.5', port: 19_007 } }));
    const { status, body } = await answer;
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'ready',
      order: '0123456789ab',
      container_id: 'c1',
      container_name: 'engine-1',
      host_http_port: 19_007,
      container_http_port: null,
      container_https_port: null,
      ignored: [],
      engine: { id: 'c1', host: '10.0.0.5', port: 19_007, state: 'healthy', max_streams: 3 },
    });
  });

  it('has no duplicate fields at its canonical address', async () => {
    ready.resolve(api.engine());
    const { body } = await api.ask('POST', `/api/v1${PATH}?wait=true`);
    expect(Object.keys(body).sort()).toEqual([
      'container_http_port',
      'container_https_port',
      'engine',
      'ignored',
      'order',
      'status',
    ]);
  });

  it('tells the ports inside the container, out of its labels', async () => {
    const labels = engineLabels({
      instance: 'a',
      key: '0123456789ab',
      specHash: 'feed',
      ports: { http: 6878, https: 6879, api: null, p2p: 8621 },
      publishedPort: 19_007,
      forwardedPort: null,
      vpn: null,
      version: '1',
    });
    ready.resolve(api.engine({ endpoint: { host: '10.0.0.5', port: 19_007 }, labels }));
    expect((await api.ask('POST', `${PATH}?wait=true`)).body).toMatchObject({
      host_http_port: 19_007,
      container_http_port: 6878,
      container_https_port: 6879,
    });
  });

  it.each<[ErrorCode, number]>([
    ['no_capacity', 503],
    ['provisioning_blocked', 503],
    ['docker_unavailable', 503],
    ['not_managed', 409],
  ])('refuses with %s at once, waiting or not', async (code, status) => {
    api.fleet.script.provision = () => {
      throw new AppError(code, 'No.', status === 503 ? { retryAfterS: 17 } : {});
    };
    for (const path of [PATH, `${PATH}?wait=true`]) {
      const answer = await api.ask('POST', path);
      expect([answer.status, answer.body]).toMatchObject([status, { code, detail: 'No.' }]);
      expect(answer.headers.get('retry-after')).toBe(status === 503 ? '17' : null);
    }
  });

  it.each<[ErrorCode, number]>([
    ['image_missing', 503],
    ['port_conflict', 503],
    ['name_conflict', 503],
    ['docker_unavailable', 503],
    ['runtime_refused', 502],
    ['start_timeout', 504],
    ['shutting_down', 503],
  ])('tells who waits of %s', async (code, status) => {
    ready.reject(new AppError(code, 'It did not work.'));
    const answer = await api.ask('POST', `${PATH}?wait=true`);
    expect([answer.status, answer.body]).toMatchObject([status, { code }]);
  });

  it('has no fault when the engine fails and nobody waits', async () => {
    await api.ask('POST', PATH);
    ready.reject(new AppError('start_timeout', 'It did not answer.'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it('has no fault when who waited has left, whether the engine comes or not', async () => {
    for (const end of [
      () => ready.reject(new AppError('start_timeout', 'It did not answer.')),
      () => ready.resolve(api.engine()),
    ]) {
      ready = withResolvers();
      const leaving = new AbortController();
      const before = api.fleet.asked.length;
      const answer = api.ask('POST', `${PATH}?wait=true`, undefined, leaving.signal);
      await eventually(() => api.fleet.asked.length > before);
      leaving.abort();
      await expect(answer).rejects.toThrow();
      end();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await api.ask('POST', PATH)).status).toBe(202);
    expect(unhandled).toEqual([]);
  });

  it('waits no longer for who has left', async () => {
    const wait = jest.spyOn(timers, 'setTimeout');
    const leaving = new AbortController();
    const answer = api.ask('POST', `${PATH}?wait=true`, undefined, leaving.signal);
    await eventually(() => wait.mock.calls.length === 1);
    const ended = wait.mock.calls[0]?.[2]?.signal;
    expect(ended?.aborted).toBe(false);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await eventually(() => ended?.aborted === true);
  });

  it('tells who has waited for five minutes that it goes on', async () => {
    const wait = jest.spyOn(timers, 'setTimeout').mockResolvedValue(null);
    const { status, body } = await api.ask('POST', `${PATH}?wait=true`);
    expect([status, body.status]).toEqual([202, 'provisioning']);
    expect(wait.mock.calls[0]?.[0]).toBe(300_000);
    ready.reject(new AppError('start_timeout', 'It did not answer.'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  describe('what the request says', () => {
    it('of labels, environment and port has no effect, and the answer says so', async () => {
      const sent = { labels: { stream_id: 'ch-42' }, env: { A: 'b' }, host_port: 19_023 };
      expect((await api.ask('POST', PATH, sent)).body).toMatchObject({
        ignored: ['labels', 'env', 'host_port'],
      });
      const empty = { labels: {}, env: {}, host_port: null };
      expect((await api.ask('POST', PATH, empty)).body).toMatchObject({ ignored: [] });
      expect(api.fleet.asked).toEqual([['provision'], ['provision']]);
      ready.resolve(api.engine());
      const { body } = await api.ask('POST', `${PATH}?wait=true`, { env: { A: 'b' } });
      expect(body).toMatchObject({ status: 'ready', ignored: ['env'] });
    });

    it.each<[string, unknown]>([
      ['an image', { image: 'evil:latest' }],
      ['an unknown field', { privileged: true }],
      ['labels that are none', { labels: 'a=b' }],
      ['labels in a list', { labels: ['a=b'] }],
      ['an environment that is none', { env: 7 }],
      ['a port that is none', { host_port: 70_000 }],
      ['a port in words', { host_port: '19023' }],
      ['a list', [{}]],
    ])('with %s is refused', async (_what, body) => {
      const answer = await api.ask('POST', PATH, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(api.fleet.asked).toEqual([]);
    });

    it.each(['?wait=yes', '?wait=true&wait=true', '?sync=1'])('%s is refused', async (query) => {
      expect((await api.ask('POST', PATH + query)).status).toBe(400);
      expect(api.fleet.asked).toEqual([]);
    });
  });

  describe('with an image', () => {
    it.each(['/provision', '/api/v1/provision'])('makes ours at %s', async (path) => {
      const body = { image: 'engine:1', env: {}, labels: { a: 'b' }, ports: {}, name_prefix: 'x' };
      expect(await api.ask('POST', path, body)).toMatchObject({
        status: 202,
        body: { status: 'provisioning', ignored: ['labels', 'name_prefix'] },
      });
    });

    it('knows ours by the name that ENGINE_IMAGE may have, without a tag', async () => {
      const image = { id: null, state: 'present', progress: null, reason: null } as const;
      api.fleet.now = aStatus({ image: { ...image, reference: 'lan:5000/engine:latest' } });
      for (const name of ['lan:5000/engine', 'lan:5000/engine:latest']) {
        expect((await api.ask('POST', '/provision', { image: name })).status).toBe(202);
      }
    });

    it.each(['engine:2', 'engine', 'ENGINE:1', ' engine:1', 'registry.example/engine:1'])(
      'refuses %j',
      async (image) => {
        const answer = await api.ask('POST', '/provision?wait=true', { image });
        expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
        expect(api.fleet.asked).toEqual([]);
      },
    );

    it.each([undefined, {}, { image: '' }, { image: 7 }, { image: 'engine:1', command: 'sh' }])(
      'refuses %j as no request',
      async (body) => {
        expect((await api.ask('POST', '/provision', body)).status).toBe(400);
        expect(api.fleet.asked).toEqual([]);
      },
    );

    it('says that nothing is managed where that is so', async () => {
      api.fleet.now = aStaticStatus();
      api.fleet.script.provision = () => {
        throw new AppError('not_managed', 'The engines are not ours.');
      };
      const answer = await api.ask('POST', '/provision', { image: 'engine:1' });
      expect([answer.status, answer.body.code]).toEqual([409, 'not_managed']);
    });
  });
});

/** A failure of it is an unhandled one unless the code under test handles it. */
interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: Error): void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let settle!: Pick<PromiseWithResolvers<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

async function eventually(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setImmediate(resolve));
}
