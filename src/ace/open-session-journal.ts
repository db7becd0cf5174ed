import { type AtomicFile, type DataFolder } from '../storage';
import { type EngineEndpoint } from './ace.types';

/** A session that this process has open on an engine. */
export interface OpenSession {
  readonly engine: EngineEndpoint;
  readonly commandPath: string;
}

const FILE = 'open-sessions.json';

/** A longer list was not written by this program, which opens far fewer sessions. */
const MAX_SESSIONS = 10_000;
const MAX_PATH_CHARS = 4000;

/**
 * Keeps the list of open engine sessions in a file. If this process is killed, the next process stops these sessions,
 * because an engine does not list its sessions, and a leaked session continues to download. Writes are combined and
 * never awaited. A crash loses at most one entry. That session is not stopped; it continues to download until the
 * engine itself drops it.
 */
export class OpenSessionJournal {
  private readonly open = new Map<string, OpenSession>();

  private constructor(
    private readonly file: AtomicFile<OpenSession[]>,
    /** Sessions that an earlier process left open. */
    readonly leftovers: readonly OpenSession[],
  ) {
    for (const session of leftovers) this.open.set(keyOf(session), session);
  }

  static async from(folder: DataFolder): Promise<OpenSessionJournal> {
    const ifLost = 'there is no usable copy, so engine sessions of the last run are not stopped';
    const file = folder.file({ name: FILE, parse, ifLost });
    const leftovers = await file.read().catch((error: unknown) => {
      folder.log.write('warn', { reason: String(error) }, `${FILE} cannot be read: ${ifLost}`);
      return null;
    });
    return new OpenSessionJournal(file, leftovers ?? []);
  }

  opened(session: OpenSession): void {
    this.open.set(keyOf(session), session);
    this.save();
  }

  closed(session: OpenSession): void {
    if (this.open.delete(keyOf(session))) this.save();
  }

  /** Resolves when the file lists the open sessions, or could not be written. */
  async flush(): Promise<void> {
    await this.file.settled();
  }

  /** Does what `flush` does. A list that could not be written is not tried again. */
  async close(): Promise<void> {
    await this.file.close();
  }

  private save(): void {
    const sessions = [...this.open.values()].map(({ engine, commandPath }) => ({
      host: engine.host,
      port: engine.port,
      command_path: commandPath,
    }));
    this.file.save(`${JSON.stringify({ version: 1, sessions })}\n`);
  }
}

function keyOf({ engine, commandPath }: OpenSession): string {
  return `${engine.host} ${engine.port} ${commandPath}`;
}

/** @throws Error if the text was not written by `save` */
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
