import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '../../src/storage/full-disk.spec-support';
import { Child } from './support/child';
import {
  eventually,
  newContentId,
  NO_DOCKER,
  onScopeEnd,
  openViewer,
  scoped,
  startProduct,
  streamPath,
  type Product,
} from './support';

const PROGRAM = join(__dirname, '../../bin/acefleet.mjs');
const NOBODY = 65534;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  args: readonly string[],
  env: Record<string, string>,
  options: { uid?: number } = {},
): Promise<Result> {
  return new Promise((resolve) => {
    const all = { PATH: process.env['PATH'], DOCKER_HOST: NO_DOCKER, ...env };
    const spawned = { env: all, cwd: '/', ...options };
    execFile(process.execPath, [PROGRAM, ...args], spawned, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-e2e-command-'));
  chmodSync(folder, 0o755);
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('the command acefleet and a running server', () => {
  let folder: string;
  let product: Product;
  let key: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = temporaryFolder();
    const dataDir = join(folder, 'data');
    product = await startProduct({
      dataDir,
      env: { API_KEY: '', ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '2', MAX_REPLICAS: '3' },
    });
    key = readFileSync(join(dataDir, 'api-key'), 'utf8').trim();
    // Without the key, the program would load the settings at every call.
    env = { ACEFLEET_URL: product.url('/'), API_KEY: key };
  });

  /** The output of a command that must succeed. */
  async function done(...args: string[]): Promise<string> {
    const { code, out, err } = await run(args, env);
    expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
    return out;
  }

  /** What the API says, without a process. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON of any shape
  async function ask(path: string): Promise<any> {
    return (await product.api('GET', `/api/v1${path}`, undefined, { 'X-API-Key': key })).body;
  }

  it('finds the kept key and never prints it; ends with 3 or 4 if it gets no further', async () => {
    const [own, shown, nowhere, refused, empty] = await Promise.all([
      run(['status'], { ...env, API_KEY: '', DATA_DIR: join(folder, 'data') }),
      run(['key'], { DATA_DIR: join(folder, 'data') }),
      run(['status', '--url', 'http://127.0.0.1:9'], env),
      run(['engines', '--key', 'wrong'], env),
      run(['engines'], { ...env, API_KEY: '', DATA_DIR: join(folder, 'empty') }),
    ]);
    expect(own).toMatchObject({ code: 0, err: '' });
    expect(own.out).toMatch(/^state {4}healthy$/m);
    expect(own.out).toMatch(/^engines {2}2 of 2 healthy, 2 wanted$/m);
    expect(own.out).not.toContain(key);
    expect(shown.out).toBe(`${key}\n`);
    expect(nowhere).toMatchObject({ code: 3, out: '' });
    expect(nowhere.err).toMatch(
      /^acefleet status: no server answers at http:\/\/127\.0\.0\.1:9 .+\n$/,
    );
    expect(refused).toMatchObject({ code: 4, out: '' });
    expect(refused.err).toMatch(/^acefleet engines: .+\n$/);
    expect(empty).toMatchObject({ code: 4, out: '' });
    expect(empty.err).toMatch(/^acefleet engines: There is no key at .+\n$/);
  });

  it('lists, drains, restarts and removes engines, and sets their number', async () => {
    const [{ id }, { id: other }] = await ask('/engines');
    const stateOf = async (engine: string): Promise<string> =>
      (await ask(`/engines/${engine}`)).state;
    const [table, list, logs, unknown] = await Promise.all([
      done('engines'),
      done('engines', '--json'),
      done('engines', 'logs', id, '--lines', '5'),
      run(['engines', 'remove', 'nobody'], env),
      done('engines', 'drain', id),
    ]);
    const lines = table.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ID +STATE +STREAMS +ADDRESS +VERSION +VPN$/);
    expect(lines).toHaveLength(3);
    expect(JSON.parse(list).map((one: { id: string }) => one.id)).toEqual([id, other]);
    expect(logs).toMatch(/\w/);
    expect(unknown).toMatchObject({
      code: 1,
      err: 'acefleet engines remove: No engine has this id.\n',
    });
    expect(await stateOf(id)).toBe('draining');
    const [, , scaled] = await Promise.all([
      done('engines', 'undrain', id),
      done('engines', 'restart', other),
      done('scale', '3'),
    ]);
    expect(scaled).toBe('The fleet keeps at least 3 engines.\n');
    const third = await eventually(async () => {
      const engines: { id: string; state: string }[] = await ask('/engines');
      const isWhole = engines.length === 3 && engines.every(({ state }) => state === 'healthy');
      return isWhole ? engines[2]!.id : undefined;
    }, 60_000);
    expect(await done('engines', 'remove', third)).toBe(`The engine ${third} is being removed.\n`);
  });

  it('lists, moves and stops streams, and follows the events', async () => {
    const follower = new Child('logs', process.execPath, [PROGRAM, 'logs', '--follow', '--json'], {
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    onScopeEnd(async () => {
      await follower.end('SIGKILL', 5000);
    });
    const followed = async (type: string, stream: string): Promise<boolean> =>
      follower.lines.some((line) => {
        const event = JSON.parse(line);
        return event.type === type && event.stream_id === stream;
      });
    const id = newContentId();
    await openViewer(product.url(streamPath(id))).playing();
    expect(await done('streams')).toContain(id);
    expect(await done('streams', 'move', id)).toMatch(/^The stream reads from \S+ now\.\n$/);
    await done('streams', 'stop', id);
    const [left, all, logs] = await Promise.all([
      done('streams', '--json'),
      done('streams', '--all'),
      done('logs', '--type', 'stream_moved'),
    ]);
    expect(JSON.parse(left)).toEqual([]);
    expect(all).toContain(id);
    expect(logs).toContain(id);
    await eventually(() => followed('stream_started', id));
    await eventually(() => followed('stream_ended', id));
    const ids = follower.lines.map((line) => JSON.parse(line).id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('imports channels, exports them in a form that can be imported, and plays them', async () => {
    const id = newContentId();
    const list = join(folder, 'list.m3u');
    const entry = `#EXTINF:-1 group-title="Info",The News\nacestream://${id}\n`;
    writeFileSync(list, `#EXTM3U\n${entry}`);
    expect(await done('channels', 'import', list, '--dry-run')).toContain('1 would be added');
    expect(await done('channels', 'import', list, '--name', 'mine')).toContain('1 added');
    const exported = join(folder, 'exported.m3u');
    const players = join(folder, 'players');
    mkdirSync(players);
    // A player that only says what it has been given.
    writeFileSync(join(players, 'mpv'), '#!/bin/sh\necho "playing $1"\n', { mode: 0o755 });
    const [table, said, address, played, without] = await Promise.all([
      done('channels'),
      done('channels', 'export', exported),
      done('play', 'the news', '--print'),
      run(['play', `acestream://${id}`], { ...env, PATH: players }),
      run(['play', id], { ...env, PATH: folder }),
    ]);
    expect(table).toMatch(/The News +Info +1 /);
    expect(said).toBe(`1 channels are in ${exported}.\n`);
    expect(readFileSync(exported, 'utf8')).toContain(`,The News\nacestream://${id}\n`);
    expect(await done('channels', 'import', exported, '--name', 'mine')).toContain('0 added');
    const [{ id: channel }] = (await ask('/channels')).channels;
    expect(address).toBe(`${product.url('/ace/getstream')}?channel=${channel}\n`);
    const stream = `${product.url('/ace/getstream')}?id=${id}`;
    expect(played).toMatchObject({ code: 0, out: `${stream}\nplaying ${stream}\n` });
    expect(without).toMatchObject({
      code: 1,
      err: expect.stringMatching(/mpv, vlc, ffplay not found/),
    });
  });
});

describe('acefleet doctor', () => {
  interface Finding {
    readonly check: string;
    readonly state: string;
    readonly detail: string;
    readonly fix: string | null;
  }

  /** The findings that are not `ok`, and the exit code. */
  async function examine(env: Record<string, string>, options: { uid?: number } = {}) {
    const { code, out, err } = await run(['doctor', '--json'], env, options);
    expect(err).toBe('');
    const findings = JSON.parse(out) as Finding[];
    return { code, findings: findings.filter(({ state }) => state !== 'ok') };
  }

  const problemOf = (check: string, detail: RegExp, fix: RegExp) =>
    expect.objectContaining({
      check,
      state: 'problem',
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });

  it.concurrent(
    'has nothing to say where all is well',
    scoped(async () => {
      const env = { DATA_DIR: temporaryFolder(), PORT: '0', ENGINE_DRIVER: 'simulator' };
      const { code, out } = await run(['doctor'], env);
      expect(code).toBe(0);
      expect(out).toMatch(/^ok +data folder +\S+ can be written; \d+ MiB are free$/m);
      expect(out).not.toContain('problem');
    }),
  );

  it.concurrent(
    'names a port that is taken, and Docker and Redis that are away',
    scoped(async () => {
      const other: Server = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      onScopeEnd(() => void other.close());
      const { port } = other.address() as { port: number };
      const { code, findings } = await examine({
        DATA_DIR: temporaryFolder(),
        HOST: '127.0.0.1',
        PORT: String(port),
        ENGINE_DRIVER: 'docker',
        REDIS_URL: 'redis://:secret@127.0.0.1:9',
      });
      expect(code).toBe(1);
      expect(findings).toEqual(
        expect.arrayContaining([
          problemOf('server', /used by another program/, /set PORT/),
          problemOf(
            'docker',
            /Docker cannot be reached at \/nonexistent/,
            /systemctl start docker/,
          ),
          problemOf('redis', /127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)/, /REDIS_URL/),
        ]),
      );
      expect(JSON.stringify(findings)).not.toContain('secret');
    }),
  );

  it.concurrent(
    'names settings that are invalid',
    scoped(async () => {
      const { code, err } = await run(['doctor'], { PORT: 'many' });
      expect(code).toBe(78);
      expect(err).toContain('PORT');
    }),
  );

  const isRoot = process.getuid?.() === 0;
  (isRoot ? it.concurrent : it.skip)(
    'names missing permissions, and the command',
    scoped(async () => {
      const folder = temporaryFolder();
      const dataDir = join(folder, 'data');
      mkdirSync(dataDir, { mode: 0o755 });
      const path = join(folder, 'docker.sock');
      const docker: Server = createServer();
      await new Promise<void>((resolve) => docker.listen(path, resolve));
      onScopeEnd(() => void docker.close());
      chmodSync(path, 0o600);
      const env = {
        ...{ DATA_DIR: dataDir, PORT: '0' },
        ...{ ENGINE_DRIVER: 'docker', DOCKER_HOST: `unix://${path}` },
      };
      const { code, findings } = await examine(env, { uid: NOBODY });
      expect(code).toBe(1);
      expect(findings).toEqual(
        expect.arrayContaining([
          problemOf('data folder', /cannot be written \(EACCES\)/, /^sudo chown -R 65534/),
          problemOf('docker', /EACCES.*usermod/, /--group-add/),
        ]),
      );
    }),
  );

  const disk = SmallDisk.mount(512);
  afterAll(() => disk?.unmount());
  (disk === null ? it.skip : it.concurrent)(
    'names a full disk',
    scoped(async () => {
      disk!.fill();
      const env = { DATA_DIR: disk!.folder, PORT: '0', ENGINE_DRIVER: 'simulator' };
      const { code, findings } = await examine(env);
      expect(code).toBe(1);
      expect(findings).toEqual([problemOf('data folder', /is full/, /^make room/)]);
    }),
  );
});
