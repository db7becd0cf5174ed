import type { IncomingMessage } from 'node:http';

export interface JournalEntry {
  readonly n: number;
  readonly time: string;
  readonly method: string;
  /** The request target exactly as it was sent. */
  readonly url: string;
  readonly http_version: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly raw_headers: readonly string[];
  readonly remote: string;
}

const LIMIT = 10_000;

/** The newest requests to the engine's HTTP API, in order of arrival. */
export class Journal {
  private entries: JournalEntry[] = [];
  private count = 0;

  record(request: IncomingMessage): void {
    this.count += 1;
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    this.entries.push({
      n: this.count,
      time: new Date().toISOString(),
      method: request.method ?? '',
      url: request.url ?? '',
      http_version: request.httpVersion,
      headers: request.headers,
      raw_headers: request.rawHeaders,
      remote: `${remoteAddress}:${remotePort}`,
    });
    if (this.entries.length > LIMIT * 1.1) this.entries = this.entries.slice(-LIMIT);
  }

  /** Entries whose path begins with `path`. */
  list(path = '/'): JournalEntry[] {
    return this.entries.slice(-LIMIT).filter((entry) => entry.url.startsWith(path));
  }

  clear(): void {
    this.entries = [];
    this.count = 0;
  }
}
