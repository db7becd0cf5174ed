import { createHash, randomBytes } from 'node:crypto';
import { link, readdir, realpath, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../storage';

const SOCKET_FILE = 'instance.sock';

/**
 * Longest path in bytes that sockaddr_un supports on every system, without its final zero (104 bytes with it on
 * macOS, 108 on Linux).
 */
const MAX_PATH_BYTES = 103;

const ANSWER_MS = 1000;
const TOKEN_BYTES = 16;
/** Random digits in the name of a socket that was moved aside. */
const ASIDE_BYTES = 3;

const MAX_TRIES = 4;
/** Until another process has ended that gives up its own start. */
const RETRY_MS = 100;

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
        const other = await otherAside(path, token);
        if (other === null) return new DataDirLock(server, null);
        // The server stays open until the process ends, because closing it would remove the file at the path, which may
        // be the socket of the other process by then.
        throw new DataDirInUseError(dataDir, pidOf(other));
      }
      if (error.code !== 'EADDRINUSE') {
        return unlocked(dataDir, error);
      }
      const holder = await ask(path);
      if (holder !== null) throw new DataDirInUseError(dataDir, pidOf(holder));
      await moveAside(path);
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
 * Frees the path of a socket at which nothing listens. Another process may have freed it already and listen there by now,
 * so the socket is asked again under a name that nobody else listens at, and gets its path back if it answers. If a third
 * process listens at the path by then, the socket stays aside, where `otherAside` finds it.
 */
async function moveAside(path: string): Promise<void> {
  const aside = asideName(path, randomBytes(ASIDE_BYTES).toString('hex'));
  try {
    await rename(path, aside);
    if ((await ask(aside)) !== null) await link(aside, path);
    await unlink(aside);
  } catch {
    // Another process has moved or removed the socket, or listens at the path.
  }
}

/** The answer of a process that listens at a socket that was moved aside; null if there is none but our own. */
async function otherAside(path: string, token: string): Promise<string | null> {
  if (process.platform === 'win32') return null;
  const [before = '', behind = ''] = basename(asideName(path, '*')).split('*');
  for (let tries = 0; ; tries += 1) {
    let found: string | null = null;
    for (const name of await readdir(dirname(path))) {
      if (!name.startsWith(before) || !name.endsWith(behind)) continue;
      if (name.length !== basename(path).length) continue;
      const aside = join(dirname(path), name);
      const answer = await ask(aside);
      if (answer === null) await unlink(aside).catch(() => undefined);
      else if (answer !== token) found = answer;
    }
    if (found === null || tries >= MAX_TRIES) return found;
    await delay(RETRY_MS);
  }
}

/** As long as the path, because paths of sockets have a maximum length. */
function asideName(path: string, digits: string): string {
  const kept = basename(path, '.sock').slice(0, -(2 * ASIDE_BYTES + 1));
  return join(dirname(path), `${kept}-${digits}.sock`);
}

function pidOf(token: string): string {
  return token.split(' ')[0] ?? '?';
}

/**
 * Returns the answer of the process that listens at `path`; `?` if it does not answer in time, and null if nothing
 * listens.
 */
function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    let isThere = false;
    const socket = connect(path);
    // Our own event loop may be late, so a time-out does not prove that no process listens; only an error of the
    // kernel does.
    socket.setTimeout(ANSWER_MS, () => {
      isThere = true;
      socket.destroy();
    });
    socket.on('connect', () => (isThere = true));
    socket.on('data', (data) => (said = (said + data.toString('latin1')).slice(0, 200)));
    // Its queue of connections is full.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (isThere ||= code === 'EAGAIN'));
    socket.on('close', () => resolve(isThere ? said || '?' : null));
  });
}
