import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type * as ClientPackage from '../../clients/typescript/src/index.js' with {
  'resolution-mode': 'import',
};
import {
  API_KEY,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
} from './support';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'clients/typescript');
const { createClient, ProblemError } = jest.requireActual<typeof ClientPackage>(
  '../../clients/typescript/src/index',
);

describe('the TypeScript client', () => {
  let product: Product;
  let client: ClientPackage.Client;

  beforeAll(async () => {
    const engines = [await startSimulator(), await startSimulator()];
    product = await startProduct({ engines, env: { PROXY_GRACE_PERIOD: '10s' } });
    client = createClient({ baseUrl: product.url('/'), apiKey: API_KEY });
  });

  it('drives the whole life of a stream', async () => {
    const id = newContentId();
    const channel = await client.putChannel({
      path: { id: 'news' },
      body: { name: 'News', sources: [{ id, label: 'main' }] },
    });
    expect(channel).toMatchObject({ id: 'news', name: 'News' });
    expect(await client.checkContent({ query: { id, tier: 'light' } })).toMatchObject({
      playable: true,
    });

    const viewer = openViewer(product.url('/ace/getstream?channel=news'));
    await viewer.playing();
    const [stream] = await client.listStreams();
    expect(stream).toMatchObject({ channel: 'news', client_count: 1, status: 'started' });
    const streamId = stream!.id;
    const stats = await eventually(async () => {
      const answer = await client.getStreamStats({ path: { id: streamId } });
      return answer.peers === null ? undefined : answer;
    });
    expect(stats.stream_id).toBe(streamId);

    const move = await client.moveStream({ path: { id: streamId }, query: { wait: 'true' } });
    expect(move).toMatchObject({ stream_id: streamId, state: 'moved' });
    expect(move.to_engine_id).not.toBe(move.from_engine_id);

    const { clients } = await client.listSessionClients({ path: { id: streamId } });
    const [watching] = clients;
    const path = { id: streamId, clientId: watching!.client_id };
    await client.kickSessionClient({ path });
    await viewer.closed;

    await client.stopStream({ path: { id: streamId } });
    expect(await client.listStreams({ query: { status: 'started' } })).toEqual([]);
    await client.removeChannel({ path: { id: 'news' } });
    await expect(client.getChannel({ path: { id: 'news' } })).rejects.toMatchObject({
      name: 'ProblemError',
      code: 'not_found',
      status: 404,
      detail: expect.stringMatching(/\w/),
      request_id: expect.stringMatching(/\w/),
      retry_after: null,
    });
  });

  it('gives texts as texts', async () => {
    expect(await client.getMetrics()).toMatch(/^# HELP /);
  });

  it('says that a key is wrong, and when there is no answer', async () => {
    const stranger = createClient({ baseUrl: product.url('/'), apiKey: 'wrong' });
    const refused: unknown = await stranger.listEngines().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({ code: 'forbidden', status: 403 });
    const nobody = createClient({ baseUrl: 'http://127.0.0.1:9' });
    await expect(nobody.checkLiveness()).rejects.toThrow('fetch failed');
    const reason = new Error('no longer needed');
    await expect(client.listEngines({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(
      createClient({ baseUrl: product.url('/'), fetch: neverAnswers }).checkLiveness({
        timeoutMs: 10,
      }),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is a package whose example runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acefleet-e2e-client-'));
    try {
      const installed = join(folder, 'node_modules/acefleet-client');
      mkdirSync(installed, { recursive: true });
      cpSync(join(FOLDER, 'package.json'), join(installed, 'package.json'));
      const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
      const outDir = join(installed, 'dist');
      await run(process.execPath, [compiler, '-p', FOLDER, '--outDir', outDir, '--noCheck']);
      const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
      const [, example = ''] = /^```js\n([\s\S]+?)^```$/m.exec(readme) ?? [];
      writeFileSync(join(folder, 'example.mjs'), example);
      const env = { ...process.env, ACEFLEET_URL: product.url('/'), API_KEY };
      const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder, env });
      expect(stdout).toMatch(/^channels: .*Example/);
      await expect(
        run(process.execPath, ['example.mjs'], { cwd: folder, env: { ...env, API_KEY: 'wrong' } }),
      ).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^forbidden: .+\n$/) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A `fetch` of a server that accepts the request and is silent. */
const neverAnswers: typeof fetch = (_, init) =>
  new Promise((_resolve, reject) => {
    const signal = init?.signal;
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
