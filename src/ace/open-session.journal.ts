import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import { makeFolder } from '../coordination';
import { type EngineEndpoint } from './ace.types';

/** A session that an engine has open for us. */
export interface OpenSession {
  readonly engine: EngineEndpoint;
  readonly commandPath: string;
}

/** More is no list of ours; sessions are limited to far less. */
const MAX_SESSIONS = 10_000;
const MAX_PATH_CHARS = 4000;

/**
 * Which engine sessions are open, in a file, so that the next process can stop those that this one leaves when it is
 * killed: an engine does not list its sessions, and a leaked one goes on downloading. Writes are
 * coalesced and never waited for; what a crash cuts off is at worst one session, which expires by itself.
 */
export class OpenSessionJournal {
  /** Sessions that an earlier process left open. */
  readonly leftovers: readonly OpenSession[];

  private readonly logger = new Logger(OpenSessionJournal.name);
  private readonly open = new Map<string, OpenSession>();
  private writing: Promise<void> | null = null;
  private isStale = false;
  private hasComplained = false;

  constructor(private readonly path: string) {
    this.leftovers = this.read();
    for (const session of this.leftovers) this.open.set(keyOf(session), session);
  }

  opened(session: OpenSession): void {
    this.open.set(keyOf(session), session);
    this.write();
  }

  closed(session: OpenSession): void {
    if (this.open.delete(keyOf(session))) this.write();
  }

  /** Resolves when the file says what is open now. */
  async flush(): Promise<void> {
    while (this.writing !== null) await this.writing;
  }

  private write(): void {
    this.isStale = true;
    this.writing ??= this.writeWhileStale();
  }

  private async writeWhileStale(): Promise<void> {
    try {
      while (this.isStale) {
        this.isStale = false;
        await this.replaceFile();
      }
    } catch (error) {
      // Streams do not depend on it.
      if (!this.hasComplained) this.logger.warn(`${this.path} is not written: ${String(error)}`);
      this.hasComplained = true;
    } finally {
      // In the same breath as the last look at `isStale`: what is opened next begins a new round.
      this.writing = null;
    }
  }

  private async replaceFile(): Promise<void> {
    const sessions = [...this.open.values()].map(({ engine, commandPath }) => ({
      host: engine.host,
      port: engine.port,
      command_path: commandPath,
    }));
    const draft = `${this.path}.new`;
    await makeFolder(dirname(this.path));
    await writeFile(draft, `${JSON.stringify({ version: 1, sessions })}\n`, { mode: 0o600 });
    await rename(draft, this.path);
  }

  private read(): OpenSession[] {
    try {
      return parse(readFileSync(this.path, 'utf8'));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing) this.logger.warn(`${this.path} is not understood: ${String(error)}`);
      return [];
    }
  }
}

function keyOf({ engine, commandPath }: OpenSession): string {
  return `${engine.host} ${engine.port} ${commandPath}`;
}

/** @throws Error when it is not what `replaceFile` writes */
function parse(text: string): OpenSession[] {
  const { sessions } = JSON.parse(text) as { sessions?: unknown };
  if (!Array.isArray(sessions) || sessions.length > MAX_SESSIONS) {
    throw new Error('it holds no list of sessions');
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
    if (!isSession) throw new Error('one of its sessions is none');
    return { engine: { host, port: port as number }, commandPath };
  });
}
