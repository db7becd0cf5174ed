import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirInUseError, DataDirLock } from './data-dir-lock';

describe('DataDirLock', () => {
  let folder: string;
  const held: DataDirLock[] = [];

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lock-'))));
  afterEach(() => {
    for (const lock of held.splice(0)) lock.release();
    rmSync(folder, { recursive: true });
  });

  async function acquire(dataDir: string): Promise<DataDirLock> {
    const lock = await DataDirLock.acquire(dataDir);
    held.push(lock);
    return lock;
  }

  it('is held by one at a time', async () => {
    expect((await acquire(folder)).warning).toBeNull();
    await expect(acquire(folder)).rejects.toThrow(DataDirInUseError);
    await expect(acquire(folder)).rejects.toThrow(`process ${process.pid}`);
  });

  it('is acquired and kept on a busy machine', async () => {
    const real = net.connect.bind(net) as (path: string) => net.Socket;
    const spy = jest.spyOn(net, 'connect').mockImplementation((path: string) => {
      const socket = real(path);
      // The event loop continues after the time limit for an answer.
      process.nextTick(() => {
        const until = performance.now() + 1_300;
        while (performance.now() < until);
      });
      return socket;
    });
    try {
      expect((await acquire(folder)).warning).toBeNull();
      await expect(acquire(folder)).rejects.toThrow(DataDirInUseError);
    } finally {
      spy.mockRestore();
    }
    await expect(acquire(folder)).rejects.toThrow(`process ${process.pid}`);
  });

  it('is free again when it was released', async () => {
    (await DataDirLock.acquire(folder)).release();
    expect((await acquire(folder)).warning).toBeNull();
  });

  it('is given to one of many concurrent processes, also if a dead process left its socket', async () => {
    await leaveDeadSocket(join(folder, 'instance.sock'));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => acquire(folder)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('stays with its process when a slow one takes its socket for that of a dead process', async () => {
    const path = join(folder, 'instance.sock');
    await leaveDeadSocket(path);
    const real = net.connect.bind(net) as (path: string) => net.Socket;
    let holder: DataDirLock | undefined;
    let isFirst = true;
    const spy = jest.spyOn(net, 'connect').mockImplementation((asked: string) => {
      const socket = real(asked);
      if (!isFirst) return socket;
      isFirst = false;
      // The dead socket has refused this process. Before it removes that socket, another one takes the lock.
      const emit = socket.emit.bind(socket) as (event: string, ...more: unknown[]) => boolean;
      socket.emit = (event: string, ...more: unknown[]) => {
        if (event !== 'close') return emit(event, ...more);
        void DataDirLock.acquire(folder).then((lock) => {
          held.push((holder = lock));
          // As long as the slowest of machines may need.
          setTimeout(() => emit(event, ...more), 400);
        });
        return true;
      };
      return socket;
    });
    try {
      await expect(acquire(folder)).rejects.toThrow(`process ${process.pid}`);
    } finally {
      spy.mockRestore();
    }
    expect(holder?.isHeld).toBe(true);
    expect(readdirSync(folder)).toEqual(['instance.sock']);
    await expect(acquire(folder)).rejects.toThrow(DataDirInUseError);
  });

  it('stays with a process whose socket was moved aside', async () => {
    await acquire(folder);
    renameSync(join(folder, 'instance.sock'), join(folder, 'i-0a1b2c.sock'));
    await expect(acquire(folder)).rejects.toThrow(`process ${process.pid}`);
  });

  it('removes dead sockets that were moved aside', async () => {
    await leaveDeadSocket(join(folder, 'i-0a1b2c.sock'));
    expect((await acquire(folder)).warning).toBeNull();
    expect(readdirSync(folder)).toEqual(['instance.sock']);
  });

  it('is given to one of many processes that must create the folder first', async () => {
    const deep = join(folder, 'not', 'there', 'yet');
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => acquire(deep)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(held.map(({ warning }) => warning)).toEqual([null]);
  });

  it('is released when its process is killed', async () => {
    await leaveDeadSocket(join(folder, 'instance.sock'));
    expect(existsSync(join(folder, 'instance.sock'))).toBe(true);
    expect((await acquire(folder)).warning).toBeNull();
  });

  it('works for a folder whose path is too long for a socket, and creates the folder', async () => {
    const deep = join(folder, 'x'.repeat(120), 'y');
    expect((await acquire(deep)).warning).toBeNull();
    await expect(acquire(deep)).rejects.toThrow(DataDirInUseError);
  });

  it('warns where no socket can be created', async () => {
    writeFileSync(join(folder, 'instance.sock'), '');
    // A plain file in its place would count as the leftover of a dead process.
    expect((await acquire(folder)).warning).toBeNull();
    held.pop()?.release();
    const lock = await acquire('/proc/self/task');
    expect(lock.warning).toMatch(/cannot be locked/);
  });
});

async function leaveDeadSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script]);
  await once(child.stdout!, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
