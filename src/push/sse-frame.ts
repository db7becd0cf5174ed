/** One message of a stream of server-sent events. `data` is JSON, which has no line breaks. */
export function sseFrame(name: string, data: string, id: string | null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
}

/** A comment, which clients ignore. It keeps proxies from closing a connection without messages. */
export const PING = Buffer.from(': ping\n\n');

/** How long browsers wait before they connect again. */
export function retryField(ms: number): string {
  return `retry: ${ms}\n\n`;
}
