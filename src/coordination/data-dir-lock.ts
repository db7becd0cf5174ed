import { createHash, randomBytes } from 'node:crypto';
import { realpath, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../storage';

const SOCKET_FILE = 'instance.sock';

/** Longest path that sockaddr_un takes everywhere (104 bytes on macOS, 108 on Linux), its closing zero left out. */
const MAX_PATH_BYTES = 103;

const ANSWER_MS = 1000;
/** Our own answer always comes, but a machine that is starting up may be busy. */
const OWN_ANSWER_MS = 15_000;
const TOKEN_BYTES = 16;
/** Between finding a dead one's socket and removing it somebody else may be this slow. */
const TAKEOVER_MS = 100;

const MAX_TRIES = 4;

/** Another process works on the folder; the message is a line for the operator. */
export class DataDirInUseError extends Error {
  constructor(dataDir: string, pid: string) {
    super(
      `DATA_DIR ${dataDir} is in use by another running instance (process ${pid}); give each instance its own`,
    );
    this.name = 'DataDirInUseError';
  }
}

/**
 * One process per data folder: two would take each other's engines for their own. A socket that is listened
 * on is the lock, because the kernel lets go of it with the process, however that ends, and because it is
 * seen by whoever shares the folder, also from another container.
 */
export class DataDirLock {
  private constructor(
    private readonly server: Server | null,
    /** Why there is no lock although none was refused; null when there is one. */
    readonly warning: string | null,
  ) {}

  /**
   * Where the folder cannot be made, or its file system has no sockets (some network shares), there is no lock, and
   * `warning` says so.
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
      // Nobody listens there: its process died.
      await unlink(path).catch(() => undefined);
    }
    throw new DataDirInUseError(dataDir, '?');
  }

  /** False: another process may be working on the folder. */
  get isHeld(): boolean {
    return this.server !== null;
  }

  static none(warning: string): DataDirLock {
    return new DataDirLock(null, warning);
  }

  /** Gives the folder to the next process; Node removes the socket's file. */
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

/** Listens, and tells everybody who connects the token. */
function listen(path: string, token: string): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(token);
    });
    // After the first it would be one of accepting, and nobody's harm.
    server.on('error', (error) => resolve({ server: null, error }));
    server.listen(path, () => {
      // A lock is no reason to go on living.
      server.unref();
      resolve({ server, error: null });
    });
  });
}

/** What the holder says; null when nobody listens. A holder that does not answer in time is a holder, too. */
function ask(path: string, withinMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    let isThere = false;
    const socket = connect(path);
    // Our own event loop may be late, so a time-out does not mean that nobody listens; only an error of the kernel does.
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
