import { OpenSessionStore, type DataFolder, type StoredSession } from '../storage';
import { type EngineEndpoint } from './ace.types';

/** A session that this process has open on an engine. */
export interface OpenSession {
  readonly engine: EngineEndpoint;
  readonly commandPath: string;
}

/** The file in which earlier releases kept the sessions. */
const EARLIER_FILE = 'open-sessions.json';

/** A longer list was not written by this program; sessions are limited to far fewer. */
const MAX_SESSIONS = 10_000;
const MAX_PATH_CHARS = 4000;

/**
 * Keeps the open engine sessions in the database. When this process is killed, the next process stops these sessions: an
 * engine does not list its sessions, and a leaked session continues to download. Writes are never awaited. A crash loses
 * at most one entry. That session is not stopped; it downloads until the engine itself drops it.
 */
export class OpenSessionJournal {
  private readonly open = new Map<string, OpenSession>();

  private constructor(
    private readonly store: OpenSessionStore,
    /** Sessions that an earlier process left open. */
    readonly leftovers: readonly OpenSession[],
  ) {
    for (const session of leftovers) this.open.set(keyOf(session), session);
  }

  static async from(folder: DataFolder): Promise<OpenSessionJournal> {
    const store = new OpenSessionStore(folder);
    try {
      const stored = (await store.list()).map(toSession);
      return new OpenSessionJournal(store, [...stored, ...(await takeOver(folder, store))]);
    } catch (error) {
      const fate = 'engine sessions of the last run are not stopped';
      folder.log.write('warn', { reason: String(error) }, `open sessions cannot be read: ${fate}`);
      return new OpenSessionJournal(store, []);
    }
  }

  opened(session: OpenSession): void {
    this.open.set(keyOf(session), session);
    this.store.add(toStored(session));
  }

  closed(session: OpenSession): void {
    if (this.open.delete(keyOf(session))) this.store.remove(toStored(session));
  }

  /** Resolves when the database has the open sessions, or cannot be written. */
  flush(): Promise<void> {
    return this.store.settled();
  }

  /** Waits as `flush` does. Later changes are not written. */
  close(): Promise<void> {
    return this.store.close();
  }
}

/** Returns the sessions of an earlier release's file, and writes them to the database. */
async function takeOver(folder: DataFolder, store: OpenSessionStore): Promise<OpenSession[]> {
  const ifLost = 'there is no usable copy, so engine sessions of the last run are not stopped';
  const file = await folder.earlierFile({ name: EARLIER_FILE, parse, ifLost });
  const sessions = file.content ?? [];
  sessions.forEach((session, i) => {
    const isLast = i === sessions.length - 1;
    store.add(toStored(session), isLast ? () => file.retire() : undefined);
  });
  if (file.content?.length === 0) await file.retire();
  return sessions;
}

function toStored({ engine: { host, port }, commandPath }: OpenSession): StoredSession {
  return { host, port, commandPath };
}

function toSession({ host, port, commandPath }: StoredSession): OpenSession {
  return { engine: { host, port }, commandPath };
}

function keyOf({ engine, commandPath }: OpenSession): string {
  return `${engine.host} ${engine.port} ${commandPath}`;
}

/** @throws Error if the text was not written by an earlier release */
function parse(text: string): OpenSession[] {
  const { sessions } = (JSON.parse(text) ?? {}) as { sessions?: unknown };
  if (!Array.isArray(sessions) || sessions.length > MAX_SESSIONS) {
    throw new Error('it has no list of sessions');
  }
  return sessions.map((entry: unknown) => {
    const { host, port, command_path: commandPath } = (entry ?? {}) as Record<string, unknown>;
    const isSession =
      typeof host === 'string' &&
      host !== '' &&
      Number.isInteger(port) &&
      typeof commandPath === 'string' &&
      commandPath.startsWith('/') &&
      commandPath.length <= MAX_PATH_CHARS;
    if (!isSession) throw new Error('one of its sessions is invalid');
    return { engine: { host, port: port as number }, commandPath };
  });
}
