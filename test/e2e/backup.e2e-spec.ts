import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  NO_DOCKER,
  newContentId,
  onScopeEnd,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
} from './support';

const PROGRAM = join(__dirname, '../../bin/acefleet.mjs');
const ENV = { API_KEY: '' };

interface Result {
  readonly code: number;
  readonly text: string;
}

describe('acefleet backup and restore', () => {
  let folder: string;
  let engine: Simulator;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'acefleet-e2e-backup-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    engine = await startSimulator();
  });

  const start = (dataDir: string): Promise<Product> =>
    startProduct({ engines: [engine], dataDir, env: ENV });

  function run(dataDir: string, ...args: string[]): Promise<Result> {
    const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, DOCKER_HOST: NO_DOCKER };
    return new Promise((resolve) => {
      execFile(process.execPath, [PROGRAM, ...args], { env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: out + err });
      });
    });
  }

  const keyIn = (dataDir: string): string => readFileSync(join(dataDir, 'api-key'), 'utf8').trim();

  const channelsOf = async (product: Product, key: string): Promise<unknown> =>
    (await product.api('GET', '/api/v1/channels', undefined, { 'X-API-Key': key })).body.channels;

  it('move an installation to an empty folder while the server runs', async () => {
    const [home, away] = [join(folder, 'home'), join(folder, 'away')];
    const file = join(folder, 'backup.db');
    const before = await start(home);
    const key = keyIn(home);
    const headers = { 'X-API-Key': key };
    for (const id of ['news', 'sport']) {
      const body = {
        name: id,
        sources: [{ id: newContentId(), label: 'a' }, { id: newContentId() }],
      };
      expect((await before.api('PUT', `/api/v1/channels/${id}`, body, headers)).status).toBe(201);
    }
    const secretOf = async (product: Product, id: string): Promise<unknown> =>
      (await product.api('GET', `/api/v1/users/${id}/links`, undefined, headers)).body.xtream
        .password;
    const user = (await before.api('POST', '/api/v1/users', { name: 'anna' }, headers)).body.id;
    const secret = await secretOf(before, user);
    expect(await run(home, 'backup', file)).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const channels = await channelsOf(before, key);
    // The running server is not disturbed.
    const body = { name: 'late', sources: [{ id: newContentId() }] };
    expect((await before.api('PUT', '/api/v1/channels/late', body, headers)).status).toBe(201);
    await before.stop();

    expect(await run(away, 'restore', file)).toMatchObject({ code: 0 });
    expect(keyIn(away)).toBe(key);
    if (existsSync(join(home, 'instance'))) {
      expect(readFileSync(join(away, 'instance'), 'utf8')).toBe(
        readFileSync(join(home, 'instance'), 'utf8'),
      );
    }
    const after = await start(away);
    expect(await channelsOf(after, key)).toEqual(channels);
    expect(await secretOf(after, user)).toBe(secret);
    expect((await after.api('GET', '/health/ready')).body.status).toBe('ready');
  });

  it('refuse what would lose data, in one line', async () => {
    const [home, empty] = [join(folder, 'home'), join(folder, 'empty')];
    const file = join(folder, 'backup.db');
    expect(await run(empty, 'backup', file)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^acefleet backup: there are no data in .*empty to back up\.\n$/),
    });
    await (await start(home)).stop();
    expect(await run(home, 'backup', file)).toMatchObject({ code: 0 });
    expect(await run(home, 'backup', file)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^acefleet backup: .*backup\.db exists already\.\n$/),
    });
    expect(await run(home, 'restore', file)).toMatchObject({
      code: 1,
      text: expect.stringMatching(
        /^acefleet restore: .*home has data already \(acefleet\.db\); .*\n$/,
      ),
    });
    const nonsense = join(folder, 'nonsense');
    writeFileSync(nonsense, 'nonsense'.repeat(500));
    expect(await run(empty, 'restore', nonsense)).toMatchObject({
      code: 1,
      text: expect.stringMatching(
        /^acefleet restore: .*nonsense is no backup, or is damaged: .*\n$/,
      ),
    });
    expect(await run(empty, 'restore', join(folder, 'missing'))).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^acefleet restore: there is no file .*missing\.\n$/),
    });
    expect(existsSync(empty)).toBe(false);
  });
});
