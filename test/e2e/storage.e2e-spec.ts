import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '../../src/storage/full-disk.spec-support';
import {
  Child,
  eventually,
  NO_DOCKER,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
} from './support';

const SCRIPT = join(__dirname, '../../dist/main.js');

const disk = SmallDisk.mount();
const whenMountable = disk === null ? it.skip : it;
afterAll(() => disk?.unmount());

describe('files in DATA_DIR', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0 });
  });

  function temporaryFolder(): string {
    const path = mkdtempSync(join(tmpdir(), 'acefleet-e2e-storage-'));
    onScopeEnd(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  const put = (product: Product, id: string, contentId: string): Promise<Answer> =>
    product.api('PUT', `/api/v1/channels/${id}`, { name: id, sources: [{ id: contentId }] });

  const channelIds = async (product: Product): Promise<string[]> => {
    const { channels } = (await product.api('GET', '/api/v1/channels')).body;
    return (channels as { id: string }[]).map(({ id }) => id);
  };

  whenMountable(
    'a full disk (needs mount): changes are refused, readiness reports it, streams continue',
    async () => {
      const dataDir = disk!.folder;
      const product = await startProduct({ engines: [engine], dataDir });
      const contentId = newContentId();
      expect((await put(product, 'before', contentId)).status).toBe(201);
      disk!.fill();
      const refused = await put(product, 'refused', newContentId());
      expect(refused.status).toBe(507);
      expect(refused.body).toMatchObject({ code: 'storage_full', status: 507, retry_after: 30 });
      expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect((await product.api('DELETE', '/api/v1/channels/before')).status).toBe(507);
      expect(await channelIds(product)).toEqual(['before']);
      const ready = await product.api('GET', '/health/ready');
      expect(ready.status).toBe(200);
      expect(ready.body).toMatchObject({ status: 'degraded', reasons: ['storage_full'] });
      expect(ready.body.details[0]).toMatch(/^channels\.json .*ENOSPC/);
      const viewer = openViewer(product.url('/ace/getstream?channel=before'));
      await viewer.playing();
      viewer.destroy();
      // One line in the log, not one for each attempt.
      const told = product.logs().filter(({ msg }) => /^channels\.json .*ENOSPC/.test(msg ?? ''));
      expect(told).toHaveLength(1);

      disk!.makeRoom();
      await eventually(
        async () => (await product.api('GET', '/health/ready')).body.status === 'ready',
        20_000,
        'room that is noticed',
      );
      expect((await put(product, 'after', contentId)).status).toBe(201);
      await product.stop();
      const next = await startProduct({ engines: [engine], dataDir });
      expect(await channelIds(next)).toEqual(['after', 'before']);
      expect((await next.api('GET', '/health/ready')).body.status).toBe('ready');
    },
  );

  it('after a power loss: the last good copies are used, which is logged, and streams continue', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const env = { API_KEY: '' };
    const first = await startProduct({ engines: [engine], dataDir, env, waitReady: false });
    const key = readFileSync(join(dataDir, 'api-key'), 'utf8').trim();
    const headers = { 'X-API-Key': key };
    const body = { name: 'News', sources: [{ id: newContentId() }] };
    expect((await first.api('PUT', '/api/v1/channels/news', body, headers)).status).toBe(201);
    // Its engine session is recorded in a file.
    await openViewer(first.url('/ace/getstream?channel=news')).playing();
    const noted = join(dataDir, 'open-sessions.json.bak');
    await eventually(() => existsSync(noted) && readFileSync(noted, 'utf8').includes('/ace/cmd/'));
    first.kill('SIGKILL');
    await first.exit;
    const files = ['api-key', 'channels.json', 'open-sessions.json'];
    const halves = files.map((name) => readFileSync(join(dataDir, name)));
    writeFileSync(join(dataDir, 'api-key'), halves[0]!.subarray(0, 20));
    writeFileSync(join(dataDir, 'channels.json'), Buffer.alloc(halves[1]!.length));
    writeFileSync(join(dataDir, 'open-sessions.json'), '');

    const second = await startProduct({ engines: [engine], dataDir, env });
    const ready = await second.api('GET', '/health/ready', undefined, {});
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({ status: 'degraded', reasons: ['storage_damaged'] });
    const errors = second.logs().filter(({ level }) => level === 50);
    for (const name of files) {
      const line = `${name} is damaged: its last good copy is used; the damaged file is kept as ${name}.damaged`;
      expect(ready.body.details).toContain(line);
      expect(errors.map(({ msg }) => msg)).toContain(line);
      expect(existsSync(join(dataDir, `${name}.damaged`))).toBe(true);
    }
    expect((await second.api('GET', '/api/v1/channels/news', undefined, headers)).status).toBe(200);
    await eventually(async () => (await engine.counters())['sessions_open'] === 0, 30_000, 'stops');
    await openViewer(second.url('/ace/getstream?channel=news')).playing();
    await second.stop();

    const third = await startProduct({ engines: [engine], dataDir, env });
    expect((await third.api('GET', '/health/ready')).body).toMatchObject({ status: 'ready' });
  });

  it('without any good copy: it starts without the data, logs that, and plays', async () => {
    const dataDir = temporaryFolder();
    for (const name of ['channels.json', 'channels.json.bak', 'instance', 'content-aliases.json']) {
      writeFileSync(join(dataDir, name), '\0'.repeat(100));
    }
    const product = await startProduct({ engines: [engine], dataDir });
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const { body } = await product.api('GET', '/health/ready');
    expect(body.details).toContain(
      'channels.json is damaged: there is no usable copy, starting without the channels of the API; the damaged file is kept as channels.json.damaged',
    );
    expect((await put(product, 'news', newContentId())).status).toBe(201);
  });

  it('starts that fail leave no files behind, and remove those of killed ones', async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder, 'data');
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, 'nonsense');
    const env = {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: dataDir,
      DOCKER_HOST: NO_DOCKER,
      ENGINE_ADDRESSES: engine.address,
    };
    const fail = async (): Promise<void> => {
      const child = new Child('product', process.execPath, [SCRIPT], {
        cwd: folder,
        env: { ...env, CHANNELS_FILE: broken },
      });
      onScopeEnd(() => child.kill());
      expect(await child.exit).toMatchObject({ code: 1 });
    };
    await fail();
    for (const name of ['api-key.0123456789ab', 'channels.json.0123456789ab.tmp']) {
      writeFileSync(join(dataDir, name), 'x');
    }
    await fail();
    const left = readdirSync(dataDir).filter(
      (name) => !/^(?:api-key|instance)(?:\.bak)?$/.test(name),
    );
    expect(left).toEqual([]);
  });
});
