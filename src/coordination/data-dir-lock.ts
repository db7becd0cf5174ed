import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../storage';

const SOCKET_FILE = 'instance.sock';

/**
 * Longest path in bytes that sockaddr_un supports on every system, without its final zero (104 bytes with it on
 * macOS, 108 on Linux).
 */
const MAX_PATH_BYTES = 103;

const ANSWER_MS = 1000;
/** Time in which our own new socket must answer, because a machine that is starting up may be busy. */
const OWN_ANSWER_MS = 15_000;
const TOKEN_BYTES = 16;
/** Time that another process may need between finding the socket of a dead process and removing it. */
const TAKEOVER_MS = 250;

const MAX_TRIES = 4;

/** Another process uses the folder; the message is a line for the operator. */
export class DataDirInUseError extends Error {
  constructor(dataDir: string, pid: string) {
    super(
      `DATA_DIR ${dataDir} is in use by another running instance (process ${pid}); give each instance its own`,
    );
    this.name = 'DataDirInUseError';
  }
}

/**
 * Ensures that only one process uses a data folder, because two processes would treat each other's engines as their
 * own. The lock is a listening socket. The kernel closes it when the process ends, however that happens, and every
 * process with access to the folder can connect to it, even from another container.
 */
export class DataDirLock {
  private constructor(
    private readonly server: Server | null,
    /** Why the folder could not be locked; null if it is locked. */
    readonly warning: string | null,
  ) {}

  /**
   * Acquires the lock. If the folder cannot be created, or its file system has no sockets (some network shares), the
   * folder is not locked, and `warning` contains the reason.
   *
   * @throws DataDirInUseError
   */
  static async acquire(dataDir: string): Promise<DataDirLock> {
    let path: string;
    try {
      await makeFolder(dataDir);
      path = await socketPath(dataDir);
    } catch (error) {
      return unlocked(dataDir, error);
    }
    const token = `${process.pid} ${randomBytes(TOKEN_BYTES).toString('hex')}`;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const { server, error } = await listen(path, token);
      if (server !== null) {
        // Several processes may remove the socket of a dead process at the same time. The one that listens last then
        // has the path. The others leave their servers open until they end, because closing one removes the socket
        // file, which belongs to the last one by now.
        if (tries > 0) await delay(TAKEOVER_MS);
        if ((await ask(path, OWN_ANSWER_MS)) === token) return new DataDirLock(server, null);
        continue;
      }
      if (error.code !== 'EADDRINUSE') {
        return unlocked(dataDir, error);
      }
      const holder = await ask(path, ANSWER_MS);
      if (holder !== null) throw new DataDirInUseError(dataDir, holder.split(' ')[0] ?? '?');
      // Nothing listens there, so the process that created the socket is dead. It is removed without a further turn of
      // the event loop, after which it might be the socket of a process that lives.
      rmSync(path, { force: true });
    }
    throw new DataDirInUseError(dataDir, '?');
  }

  /** True if the folder is locked. Otherwise another process may be using it. */
  get isHeld(): boolean {
    return this.server !== null;
  }

  static none(warning: string): DataDirLock {
    return new DataDirLock(null, warning);
  }

  /** Unlocks the folder for the next process; Node removes the socket file. */
  release(): void {
    this.server?.close();
  }
}

function unlocked(dataDir: string, cause: unknown): DataDirLock {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return DataDirLock.none(`DATA_DIR ${dataDir} cannot be locked: ${reason}`);
}

async function socketPath(dataDir: string): Promise<string> {
  const folder = await realpath(dataDir);
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\acefleet-${hash}`;
  const path = join(folder, SOCKET_FILE);
  return Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : join(tmpdir(), `acefleet-${hash}.sock`);
}

type Listening =
  | { readonly server: Server; readonly error: null }
  | { readonly server: null; readonly error: NodeJS.ErrnoException };

/** Listens, and sends the token to every process that connects. */
function listen(path: string, token: string): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(token);
    });
    // A later error would come from accepting a connection, which does not affect the lock.
    server.on('error', (error) => resolve({ server: null, error }));
    server.listen(path, () => {
      // The lock must not keep the process alive.
      server.unref();
      resolve({ server, error: null });
    });
  });
}

/**
 * Returns the answer of the process that listens at `path`; `?` if it does not answer in time, and null if nothing
 * listens.
 */
function ask(path: string, withinMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    let isThere = false;
    const socket = connect(path);
    // Our own event loop may be late, so a time-out does not prove that no process listens; only an error of the
    // kernel does.
    socket.setTimeout(withinMs, () => {
      isThere = true;
      socket.destroy();
    });
    socket.on('connect', () => (isThere = true));
    socket.on('data', (data) => (said = (said + data.toString('latin1')).slice(0, 200)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(isThere ? said || '?' : null));
  });
}
