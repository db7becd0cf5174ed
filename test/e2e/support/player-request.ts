/** How a viewer asks and reads. */
export interface ViewerOptions {
  readonly method?: string;
  readonly httpVersion?: '1.0' | '1.1';
  /** Besides `Host`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes per second that it reads; as fast as they come when not given. */
  readonly readRate?: number;
  /** Address that it comes from, for example 127.0.0.2. */
  readonly localAddress?: string;
  /** Sent instead of a request. */
  readonly raw?: string | Buffer;
  /** Keeps so many of the first body bytes for `kept()`. */
  readonly keepBytes?: number;
}

/** A whole address, or a port of this machine and a path. */
export type Target = string | { readonly port: number; readonly path: string };

export function parseTarget(address: string): { port: number; path: string } {
  const url = new URL(address);
  return { port: Number(url.port), path: url.pathname + url.search };
}

/** The request as it goes on the wire. */
export function requestText(port: number, path: string, options: ViewerOptions): string {
  const { method = 'GET', httpVersion = '1.1', headers = {} } = options;
  const fields = { Host: `127.0.0.1:${port}`, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${httpVersion}\r\n${lines.join('')}\r\n`;
}
