import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
} from './support';
import { Child } from './support/child';
import { onScopeEnd } from './support/scope';

const SCRIPT = join(__dirname, '../../dist/main.js');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'acefleet-e2e-data-'));
  onScopeEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('after a crash', () => {
  it('the engine sessions of the killed process are stopped by the next one', async () => {
    const dataDir = folder();
    // This engine ends a session only when it is stopped.
    const engine = await startSimulator({ args: ['--idle-timeout', '3600000'] });
    const first = await startProduct({ engines: [engine], dataDir });
    const ids = [newContentId(), newContentId()];
    const viewers = ids.map((id) => openViewer(first.url(streamPath(id))));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    first.kill('SIGKILL');
    await first.exit;
    expect((await engine.counters())['sessions_open']).toBe(2);

    const second = await startProduct({ engines: [engine], dataDir });
    await eventually(async () => (await engine.counters())['sessions_open'] === 0, 30_000, 'stops');
    expect((await engine.counters())['sessions_stopped']).toBe(2);

    // The same content at once: the stop of the old session must not affect the new one.
    const again = openViewer(second.url(streamPath(ids[0]!)));
    await again.playing();
    expect((await engine.counters())['sessions_open']).toBe(1);
  });

  it('the same content can be watched while its old session is being stopped', async () => {
    const dataDir = folder();
    const engine = await startSimulator({ args: ['--idle-timeout', '3600000'] });
    const first = await startProduct({ engines: [engine], dataDir });
    const id = newContentId();
    await openViewer(first.url(streamPath(id))).playing();
    first.kill('SIGKILL');
    await first.exit;
    const second = await startProduct({ engines: [engine], dataDir, waitReady: false });
    const viewer = openViewer(second.url(streamPath(id)));
    await viewer.playing();
    const before = viewer.audit.markers.lastBroadcastMs!;
    await eventually(
      () => viewer.audit.markers.lastBroadcastMs! > before + 3000,
      30_000,
      'three further seconds',
    );
    await eventually(async () => (await engine.counters())['sessions_open'] === 1, 30_000);
    expect(viewer.ending).toBeNull();
  });
});

describe('the data folder', () => {
  it('belongs to one process at a time, and is free again after each end', async () => {
    const dataDir = folder();
    const engine = await startSimulator();
    const first = await startProduct({ engines: [engine], dataDir });
    const refused = new Child('product', process.execPath, [SCRIPT], {
      cwd: dataDir,
      env: { DATA_DIR: dataDir, PORT: '0', ENGINE_ADDRESSES: engine.address },
    });
    expect(await refused.exit).toMatchObject({ code: 1 });
    expect(refused.lines).toEqual([
      `DATA_DIR ${dataDir} is in use by another running instance (process ${first.pid}); give each instance its own`,
    ]);
    await first.stop();
    expect(existsSync(join(dataDir, 'instance.sock'))).toBe(false);
    const second = await startProduct({ engines: [engine], dataDir });
    second.kill('SIGKILL');
    await second.exit;
    await startProduct({ engines: [engine], dataDir });
  });

  it('is taken from a dead process by exactly one of many that start at once', async () => {
    const lock = join(__dirname, '../../dist/coordination/data-dir-lock.js');
    const script = `
      const { DataDirLock } = require(${JSON.stringify(lock)});
      console.log('loaded');
      process.stdin.once('data', () => {
        DataDirLock.acquire(process.argv[1]).then(
          ({ isHeld }) => console.log(isHeld ? 'held' : 'unlocked'),
          (error) => process.stdout.write('refused ' + error.message, () => process.exit(0)),
        );
      });`;
    const dataDir = folder();
    const dead = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(join(dataDir, 'instance.sock'))}, () => console.log('up'))`,
    ]);
    await once(dead.stdout, 'data');
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    const starters = Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, ['-e', script, dataDir]);
      onScopeEnd(() => void child.kill('SIGKILL'));
      const output = { child, text: '' };
      child.stdout.on('data', (data: Buffer) => (output.text += data.toString()));
      return output;
    });
    await eventually(() => starters.every(({ text }) => text === 'loaded\n'), 30_000, 'loaded');
    for (const { child } of starters) child.stdin.write('go\n');
    const outcomes = (): string[] => starters.map(({ text }) => text.slice('loaded\n'.length));
    await eventually(() => outcomes().every((text) => text !== ''), 30_000, 'outcomes');
    expect(outcomes().filter((text) => text.trim() === 'held')).toHaveLength(1);
    for (const text of outcomes().filter((one) => one.trim() !== 'held')) {
      expect(text).toContain('is in use by another running instance');
    }
    for (const { child } of starters) child.kill('SIGKILL');
  });
});
