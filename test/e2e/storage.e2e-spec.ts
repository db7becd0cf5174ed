import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layOutEarlierFolder, rowsIn } from './support/data-folder';
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

const disk = SmallDisk.mount(512);
/** How a full disk is told. */
const TOLD = /^acefleet\.db cannot be written: DATA_DIR is on a disk that is full \(SQLITE_FULL\)$/;
const whenMountable = disk === null ? it.skip : it;
afterAll(() => disk?.unmount());

describe('the data in DATA_DIR', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0 });
  });

  function temporaryFolder(): string {
    const path = mkdtempSync(join(tmpdir(), 'acefleet-e2e-storage-'));
    onScopeEnd(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  const copyHas = (dataDir: string, text: string): boolean => {
    const path = join(dataDir, 'acefleet.db.bak');
    return existsSync(path) && readFileSync(path).includes(text);
  };

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
      expect(ready.body.details[0]).toMatch(TOLD);
      const viewer = openViewer(product.url('/ace/getstream?channel=before'));
      await viewer.playing();
      viewer.destroy();
      // One line in the log, not one for each attempt.
      const told = product.logs().filter(({ msg }) => TOLD.test(msg ?? ''));
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

  it('a damaged file: the last good copies are used, which is logged, and streams continue', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const env = { API_KEY: '' };
    const first = await startProduct({ engines: [engine], dataDir, env, waitReady: false });
    const key = readFileSync(join(dataDir, 'api-key'), 'utf8').trim();
    const headers = { 'X-API-Key': key };
    const body = { name: 'News', sources: [{ id: newContentId() }] };
    expect((await first.api('PUT', '/api/v1/channels/news', body, headers)).status).toBe(201);
    await openViewer(first.url('/ace/getstream?channel=news')).playing();
    await eventually(() => rowsIn(dataDir, 'SELECT * FROM open_sessions').length === 1);
    await eventually(() => copyHas(dataDir, 'news') && copyHas(dataDir, '/ace/cmd/'));
    first.kill('SIGKILL');
    await first.exit;
    const halfKey = readFileSync(join(dataDir, 'api-key')).subarray(0, 20);
    writeFileSync(join(dataDir, 'api-key'), halfKey);
    writeFileSync(join(dataDir, 'acefleet.db'), Buffer.alloc(8192));

    const second = await startProduct({ engines: [engine], dataDir, env });
    const ready = await second.api('GET', '/health/ready', undefined, {});
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({ status: 'degraded', reasons: ['storage_damaged'] });
    const errors = second.logs().filter(({ level }) => level === 50);
    for (const name of ['api-key', 'acefleet.db']) {
      const line = new RegExp(
        `^${name} is damaged.*: its last good copy is used; the damaged file is kept as ${name}.damaged$`,
      );
      expect(ready.body.details).toContainEqual(expect.stringMatching(line));
      expect(errors.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(line));
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
    for (const name of ['acefleet.db', 'acefleet.db.bak', 'instance']) {
      writeFileSync(join(dataDir, name), '\0'.repeat(100));
    }
    const product = await startProduct({ engines: [engine], dataDir });
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const { body } = await product.api('GET', '/health/ready');
    expect(body.details).toContainEqual(
      expect.stringMatching(
        /^acefleet\.db is damaged \(.*\): there is no usable copy, starting without its data; the damaged file is kept as acefleet\.db\.damaged$/,
      ),
    );
    expect((await put(product, 'news', newContentId())).status).toBe(201);
  });

  it('files of an earlier release: everything is taken over, once', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    layOutEarlierFolder(dataDir, Number(engine.address.split(':')[1]));
    const env = { API_KEY: '' };
    const headers = { 'X-API-Key': readFileSync(join(dataDir, 'api-key'), 'utf8').trim() };
    const product = await startProduct({ engines: [engine], dataDir, env });
    const { channels } = (await product.api('GET', '/api/v1/channels', undefined, headers)).body;
    expect(channels).toMatchObject([
      {
        id: 'ch1',
        name: 'Channel 1 ü',
        sources: [
          { kind: 'content_id', label: 'first', start_ms: 338, started_at: expect.any(String) },
          { kind: 'infohash', label: null, started_at: null },
        ],
      },
      { id: 'ch2', sources: [{ label: 'first' }, { kind: 'infohash' }] },
      { id: 'ch3', sources: [{ label: 'first' }, { kind: 'infohash' }] },
    ]);
    // The engine sessions that the killed process had open are stopped.
    const stopped = async (): Promise<boolean> => {
      const requests = (await engine.journal()).map(({ url }) => url);
      return (
        requests.filter((url) => /^\/ace\/cmd\/ace0(?:bef0|a0c2).*method=stop/.test(url)).length ===
        2
      );
    };
    await eventually(stopped, 20_000, 'the stops of two sessions');
    expect((await product.api('DELETE', '/api/v1/channels/ch2', undefined, headers)).status).toBe(
      200,
    );
    await product.stop();
    const names = ['channels', 'channel-sources', 'content-aliases', 'open-sessions'];
    for (const name of names) {
      expect(existsSync(join(dataDir, `${name}.json`))).toBe(false);
      expect(existsSync(join(dataDir, `${name}.json.imported`))).toBe(true);
    }
    expect(
      rowsIn(dataDir, "SELECT entry FROM list_entries WHERE list = 'content-aliases'"),
    ).toHaveLength(2);
    const next = await startProduct({ engines: [engine], dataDir, env });
    const after = (await next.api('GET', '/api/v1/channels', undefined, headers)).body;
    expect((after.channels as { id: string }[]).map(({ id }) => id)).toEqual(['ch1', 'ch3']);
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
    for (const name of [
      'api-key.0123456789ab',
      'channels.json.0123456789ab.tmp',
      'acefleet.db.bak.0123456789ab.tmp',
    ]) {
      writeFileSync(join(dataDir, name), 'x');
    }
    await fail();
    const left = readdirSync(dataDir).filter(
      (name) => !/^(?:api-key|instance|acefleet\.db)(?:\.bak)?$/.test(name),
    );
    expect(left).toEqual([]);
  });
});
