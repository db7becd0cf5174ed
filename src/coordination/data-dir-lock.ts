import { createHash, randomBytes } from 'node:crypto';
import { realpath, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../storage';

const SOCKET_FILE = 'instance.sock';

/**
 * Longest path that sockaddr_un supports on every system (104 bytes on macOS, 108 on Linux), without its final
 * zero.
 */
const MAX_PATH_BYTES = 103;

const ANSWER_MS = 1000;
/** A holder always answers, but a machine that is starting up may be busy. */
const OWN_ANSWER_MS = 15_000;
const TOKEN_BYTES = 16;
/** Time that another process may need between finding the socket of a dead process and removing it. */
const TAKEOVER_MS = 100;

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
 * One process per data folder, because two processes would treat each other's engines as their own. The lock is a
 * listening socket: the kernel closes it with the process, however that ends, and every process with access to the
 * folder sees it, also from another container.
 */
export class DataDirLock {
  private constructor(
    private readonly server: Server | null,
    /** The reason why there is no lock although none was refused; null if there is one. */
    readonly warning: string | null,
  ) {}

  /**
   * Acquires the lock. If the folder cannot be created, or its file system has no sockets (some network shares),
   * there is no lock, and `warning` contains the reason.
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
        // Of several that removed a dead one's socket at once, the latest has taken away the others'. Theirs stay
        // open until their processes end: closing one would remove the file that is the latest's by now.
        if (tries > 0) await delay(TAKEOVER_MS);
        if ((await ask(path, OWN_ANSWER_MS)) === token) return new DataDirLock(server, null);
        continue;
      }
      if (error.code !== 'EADDRINUSE') {
        return unlocked(dataDir, error);
      }
      const holder = await ask(path, ANSWER_MS);
      if (holder !== null) throw new DataDirInUseError(dataDir, holder.split(' ')[0] ?? '?');
      // No process listens there: its process died.
      await unlink(path).catch(() => undefined);
    }
    throw new DataDirInUseError(dataDir, '?');
  }

  /** False: another process may be using the folder. */
  get isHeld(): boolean {
    return this.server !== null;
  }

  static none(warning: string): DataDirLock {
    return new DataDirLock(null, warning);
  }

  /** Releases the folder for the next process; Node removes the socket's file. */
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
 * The answer of the holder; null if no process listens. A holder that does not answer in time counts as a holder,
 * too.
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
