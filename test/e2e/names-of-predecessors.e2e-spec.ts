import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Child,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
} from './support';

const ACEFLEET = join(__dirname, '../../bin/acefleet.mjs');
const KEY = 'MARKER-of-a-key-in-a-file';

describe('an environment of the predecessors', () => {
  it('starts with its engine, its limit and a key from a file, and says what to rename', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acefleet-secret-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'api-key');
    writeFileSync(file, `${KEY}\n`);
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    const [host = '', port = ''] = engine.address.split(':');
    const product = await startProduct({
      env: {
        ...{ API_KEY: '', API_KEY_FILE: file, ENGINE_DRIVER: 'static' },
        ...{ ACEXY_HOST: host, ACEXY_PORT: port, MAX_CLIENTS_PER_STREAM: '1' },
        ...{ STREAM_MODE: 'HLS', DOCKER_CONFIG: '/nonexistent' },
      },
    });

    const withKey = (key: string) =>
      product.api('GET', '/engines', undefined, { 'X-API-Key': key });
    expect((await withKey(KEY)).status).toBe(200);
    expect((await withKey('wrong')).status).toBe(403);

    const content = newContentId();
    const viewer = openViewer(product.url(streamPath(content)));
    await viewer.playing();
    await expectProblem(openViewer(product.url(streamPath(content))), 429, 'client_limit');

    const warnings = (await product.logsSoFar()).filter(
      ({ context, level }) => context === 'Start' && level === 40,
    );
    expect(warnings.map(({ msg }) => msg)).toEqual([
      'STREAM_MODE is ignored: /ace/getstream is MPEG-TS and /ace/manifest.m3u8 is HLS, at the same time',
      `ACEXY_HOST and ACEXY_PORT are deprecated: use ENGINE_ADDRESSES=${engine.address}`,
      'MAX_CLIENTS_PER_STREAM is deprecated: use PROXY_MAX_CLIENTS_PER_STREAM=1',
    ]);
    expect(product.logText()).not.toContain('MARKER');

    const shown = new Child('acefleet key', process.execPath, [ACEFLEET, 'key'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], API_KEY_FILE: file },
    });
    expect((await shown.exit).code).toBe(0);
    expect(shown.lines).toEqual([KEY]);
  });
});
