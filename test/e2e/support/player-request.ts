/** The request of a viewer and its way of reading. */
export interface ViewerOptions {
  readonly method?: string;
  readonly httpVersion?: '1.0' | '1.1';
  /** Header fields besides `Host`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes per second that it reads; unlimited if not given. */
  readonly readRate?: number;
  /** Source address of the connection, for example 127.0.0.2. */
  readonly localAddress?: string;
  /** Sent instead of a request. */
  readonly raw?: string | Buffer;
  /** Keeps this many of the first body bytes for `kept()`. */
  readonly keepBytes?: number;
}

/** A whole URL, or a port of this machine and a path. */
export type Target = string | { readonly port: number; readonly path: string };

export function parseTarget(address: string): { port: number; path: string } {
  const url = new URL(address);
  return { port: Number(url.port), path: url.pathname + url.search };
}

/** The text of the request. */
export function requestText(port: number, path: string, options: ViewerOptions): string {
  const { method = 'GET', httpVersion = '1.1', headers = {} } = options;
  const fields = { Host: `127.0.0.1:${port}`, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${httpVersion}\r\n${lines.join('')}\r\n`;
}
