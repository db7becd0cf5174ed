import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  type Product,
  startProduct,
  startSimulator,
  streamPath,
} from './support';

interface EngineBody {
  readonly id: string;
  readonly state: string;
  readonly external: boolean;
  readonly max_streams: number;
}

const PATH = '/api/v1/engines';

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-added-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function enginesOf(product: Product): Promise<EngineBody[]> {
  return (await product.api('GET', PATH)).body;
}

async function isHealthy(product: Product, id: string): Promise<boolean> {
  return (await product.api('GET', `${PATH}/${id}`)).body.state === 'healthy';
}

describe('an engine that somebody else runs', () => {
  it('is added beside the engines of acefleet, serves, survives a restart, and is removed again', async () => {
    const engine = await startSimulator();
    const dataDir = dataFolder();
    // The engines of acefleet itself: none until a viewer needs one.
    const env = { ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '0', MIN_FREE_REPLICAS: '0' };
    let product = await startProduct({ dataDir, env, waitReady: false });
    const given = { host: '127.0.0.1', port: engine.httpPort, labels: { place: 'attic' } };
    const added = await product.api('POST', PATH, { ...given, max_streams: 5 });
    const id = `static-127.0.0.1-${engine.httpPort}`;
    expect([added.status, added.body]).toMatchObject([
      201,
      { id, external: true, max_streams: 5, labels: { place: 'attic' } },
    ]);
    await eventually(() => isHealthy(product, id), 30_000, 'the engine');

    const refused = async (body: object): Promise<unknown[]> => {
      const answer = await product.api('POST', PATH, body);
      return [answer.status, answer.body.code];
    };
    expect(await refused(given)).toEqual([409, 'conflict']);
    expect(await refused({ ...given, port: 1 })).toEqual([502, 'engine_failed']);
    expect(await refused({ ...given, host: '169.254.169.254' })).toEqual([400, 'invalid_request']);
    expect(await refused({ ...given, host: 'a b' })).toEqual([400, 'invalid_request']);
    expect(await refused({ ...given, max_streams: 0 })).toEqual([400, 'invalid_request']);
    const unreachable = { ...given, port: 1, accept_unreachable: true };
    expect((await product.api('POST', PATH, unreachable)).status).toBe(201);

    // Its slots suffice, so acefleet creates no engine.
    const viewers = [newContentId(), newContentId()].map((content) =>
      openViewer(product.url(streamPath(content))),
    );
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect((await enginesOf(product)).map(({ external }) => external)).toEqual([true, true]);
    expect((await product.api('GET', `${PATH}/${id}`)).body.streams).toHaveLength(2);

    for (const operation of ['restart', 'logs', 'stats']) {
      const method = operation === 'restart' ? 'POST' : 'GET';
      const answer = await product.api(method, `${PATH}/${id}/${operation}`);
      expect([operation, answer.status, answer.body.code]).toEqual([
        ...[operation, 409, 'not_managed'],
      ]);
    }
    const { body: key } = await product.api('POST', '/api/v1/keys', {
      ...{ name: 'operator', scope: 'operate' },
    });
    const operator = { 'X-API-Key': key.key };
    expect((await product.api('POST', PATH, unreachable, operator)).status).toBe(403);
    expect((await product.api('DELETE', `${PATH}/${id}`, undefined, operator)).status).toBe(403);

    for (const viewer of viewers) viewer.destroy();
    await product.stop();
    product = await startProduct({ dataDir, env, waitReady: false });
    await eventually(() => isHealthy(product, id), 30_000, 'the engine after the restart');
    for (const one of await enginesOf(product)) {
      if (one.external) expect((await product.api('DELETE', `${PATH}/${one.id}`)).status).toBe(202);
    }
    expect((await product.api('GET', `${PATH}/${id}`)).status).toBe(404);
  });
});

describe('POST /engines/replace', () => {
  it('replaces every engine under a viewer, without a cut', async () => {
    const product = await startProduct({
      env: {
        ENGINE_DRIVER: 'simulator',
        MIN_REPLICAS: '2',
        MIN_FREE_REPLICAS: '0',
        MAX_REPLICAS: '3',
        ENGINE_REPLACEMENT_COOLDOWN: '0s',
        AUTOSCALE_INTERVAL: '300ms',
        ENGINE_PROBE_INTERVAL: '300ms',
      },
    });
    const before = new Set((await enginesOf(product)).map(({ id }) => id));
    const viewer = openViewer(product.url(streamPath(newContentId())));
    await viewer.playing();
    expect((await product.api('POST', `${PATH}/refresh`)).body.code).toBe('not_managed');
    const requested = await product.api('POST', `${PATH}/replace`);
    expect([requested.status, requested.body]).toEqual([
      202,
      { status: 'replacing', engines: before.size },
    ]);
    const { details } = await eventually(
      async () => {
        const { body } = await product.api('GET', '/events?type=engine_rollout_changed');
        return (body as { details: { state: string } }[]).find(
          (event) => event.details.state === 'finished',
        );
      },
      60_000,
      'the end of the replacement',
    );
    expect(details).toMatchObject({ cause: 'replace_requested', replaced: before.size });
    await viewer.receiveMore(1000);
    expect(viewer.ending).toBeNull();
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, jumps: [] });
  });
});
