import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  call,
  Child,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
  type Simulator,
} from './support';

const MAIN = join(__dirname, '../../dist/main.js');

describe('the API of channels', () => {
  let engine: Simulator;
  let product: Product;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'acefleet-channels-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    file = join(folder, 'mine.json');
    engine = await startSimulator({ startDelayMs: 0 });
    const sources = [{ id: `acestream://${newContentId()}`, label: 'HD' }];
    writeFileSync(file, JSON.stringify({ channels: [{ id: 'fixed', name: 'Fixed', sources }] }));
    product = await start();
  });

  function start(): Promise<Product> {
    const env = { CHANNELS_FILE: file };
    return startProduct({ engines: [engine], dataDir: join(folder, 'data'), env });
  }

  function api(method: string, id = '', body?: unknown): Promise<Answer> {
    return product.api(method, `/api/v1/channels${id === '' ? '' : `/${id}`}`, body);
  }

  it('creates, replaces, shows and removes a channel', async () => {
    const [one, two] = [newContentId(), newContentId()];
    const body = {
      name: 'News',
      sources: [{ id: one.toUpperCase() }, { id: two, kind: 'infohash' }],
    };
    const made = await api('PUT', 'news', body);
    expect(made.status).toBe(201);
    const unknown = {
      started_at: null,
      start_ms: null,
      failed_at: null,
      failure: null,
      stalled_at: null,
      rank_reason: 'unproven',
      is_alive: true,
      success_share: null,
      results: 0,
      last_check: null,
      media: null,
    };
    expect(made.body).toEqual({
      id: 'news',
      name: 'News',
      number: 2,
      group: null,
      logo: null,
      tvg_id: null,
      is_hidden: false,
      origin: 'api',
      imports: [],
      edited: [],
      is_missing: false,
      missing_since: null,
      sources: [
        { id: one, kind: 'content_id', label: null, rank: 1, ...unknown },
        { id: two, kind: 'infohash', label: null, rank: 2, ...unknown },
      ],
    });
    expect((await api('GET', 'news')).body).toEqual(made.body);
    const replaced = await api('PUT', 'news', { name: 'N', sources: [{ id: two, label: 'SD' }] });
    expect(replaced).toMatchObject({
      status: 200,
      body: { name: 'N', sources: [{ label: 'SD' }] },
    });
    const { channels } = (await api('GET')).body;
    expect(channels.map(({ id }: { id: string }) => id)).toEqual(['fixed', 'news']);
    const listing = {
      number: 12,
      group: 'Info',
      logo: 'https://logos.example/news.png',
      tvg_id: 'news.example',
      is_hidden: true,
    };
    expect((await api('PUT', 'news', { ...body, ...listing })).body).toMatchObject(listing);
    expect((await api('PUT', 'news', body)).body).toMatchObject({
      number: 12,
      group: null,
      is_hidden: false,
    });
    const taken = await api('PUT', 'other', { ...body, number: 12 });
    expect(taken).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(taken.body.detail).toBe('The channel "news" has the number 12.');
    expect((await api('DELETE', 'news')).status).toBe(200);
    for (const method of ['GET', 'DELETE']) {
      expect(await api(method, 'news')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['text', 'news'],
    ['no name', { sources: [{ id: 'a'.repeat(40) }] }],
    ['a name that is not a string', { name: {}, sources: [{ id: 'a'.repeat(40) }] }],
    ['no sources', { name: 'x' }],
    ['an empty list of sources', { name: 'x', sources: [] }],
    ['invalid sources', { name: 'x', sources: [null, 1, 'a', [], {}] }],
    ['an invalid id', { name: 'x', sources: [{ id: '../../etc/passwd' }] }],
    ['an id twice', { name: 'x', sources: [{ id: 'a'.repeat(40) }, { id: 'A'.repeat(40) }] }],
    ['an address', { name: 'x', sources: [{ id: 'a'.repeat(40), kind: 'url' }] }],
    ['an id beside an address', { id: 'y', name: 'x', sources: [{ id: 'a'.repeat(40) }] }],
    ['a prototype', JSON.parse('{"__proto__":{"name":"x"},"sources":[]}')],
    ['the number 0', { name: 'x', number: 0, sources: [{ id: 'a'.repeat(40) }] }],
    ['a logo in a file', { name: 'x', logo: 'file:///x', sources: [{ id: 'a'.repeat(40) }] }],
    ['a group of lines', { name: 'x', group: 'a\nb', sources: [{ id: 'a'.repeat(40) }] }],
    ['too many sources', { name: 'x', sources: Array.from({ length: 500 }, () => ({ id: 'a' })) }],
  ])('refuses %s', async (_, body) => {
    expect(await api('PUT', 'nonsense', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect((await api('GET', 'nonsense')).status).toBe(404);
  });

  it.each(['UPPER', '-a', '.', 'a%2F..%2Fb', '%00', 'a'.repeat(65)])(
    'refuses the name %s',
    async (id) => {
      const answer = await api('PUT', id, { name: 'x', sources: [{ id: newContentId() }] });
      expect([400, 404]).toContain(answer.status);
      expect((await api('GET')).body.channels).toHaveLength(1);
    },
  );

  it('requires the key, also for reading', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const path = '/api/v1/channels/fixed';
      expect((await call({ port: product.port, method, path })).status).toBe(401);
    }
    expect((await call({ port: product.port, path: '/api/v1/channels' })).status).toBe(401);
  });

  it('channels of the file play, and cannot be changed by the API', async () => {
    expect((await api('GET', 'fixed')).body).toMatchObject({
      origin: 'file',
      sources: [{ kind: 'content_id', label: 'HD' }],
    });
    const before = readFileSync(file, 'utf8');
    const body = { name: 'x', sources: [{ id: newContentId() }] };
    for (const answer of [await api('PUT', 'fixed', body), await api('DELETE', 'fixed')]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
      expect(answer.body.detail).toContain('CHANNELS_FILE');
    }
    expect(readFileSync(file, 'utf8')).toBe(before);
    const viewer = openViewer(product.url('/ace/getstream?channel=fixed'));
    await viewer.playing();
    viewer.destroy();
  });

  it('channels of the API exist after a restart, and after SIGKILL', async () => {
    const sources = [{ id: newContentId(), label: 'kept' }];
    await api('PUT', 'kept', { name: 'Kept', sources });
    product.kill('SIGKILL');
    await product.exit;
    product = await start();
    expect((await api('GET', 'kept')).body).toMatchObject({ name: 'Kept', origin: 'api', sources });
  });

  it.each([
    ['does not exist', null, 'there is no such file'],
    [
      'is invalid',
      '{"channels":[{"id":"a","name":"b","sources":[{"id":"c"}]}]}',
      'channels[0].sources[0]: id must be 40 hexadecimal digits',
    ],
  ])('a file that %s stops the start with one line', async (_, text, words) => {
    const path = join(folder, 'wrong.json');
    rmSync(path, { force: true });
    if (text !== null) writeFileSync(path, text);
    const child = new Child('product', process.execPath, [MAIN], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: '0',
        API_KEY: 'k',
        DATA_DIR: join(folder, 'other'),
        ENGINE_DRIVER: 'static',
        ENGINE_ADDRESSES: engine.address,
        CHANNELS_FILE: path,
      },
    });
    onScopeEnd(async () => {
      await child.end('SIGKILL', 5000);
    });
    expect(await child.exit).toMatchObject({ code: 1 });
    expect(child.lines).toEqual([`the channels in ${path} cannot be used: ${words}`]);
  });
});
