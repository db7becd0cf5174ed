import { gzipSync } from 'node:zlib';
import type { Fault } from '../faults/fault';
import { reasonOf, type Answer } from './answer';
import type { Exchange } from './exchange';

type Headers = readonly (readonly [string, string])[];

/** Status line and headers in the format and order of the engine's server. */
export function headText(serverHeader: string, status: number, headers: Headers): string {
  const lines = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    `Server: ${serverHeader}`,
    `Date: ${new Date().toUTCString()}`,
    'Access-Control-Allow-Origin: *',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The head as changed by faults: its status line twice. */
function damagedHead(exchange: Exchange, head: string): string {
  return exchange.faults.has('status_line_twice') ? `HTTP/1.1 200 OK\r\n${head}` : head;
}

/**
 * Writes a head to the connection, one byte at a time for a fault. With `forever` the head never ends.
 * @returns false if the client has disconnected, or if the head never ends.
 */
export async function writeHead(exchange: Exchange, head: string): Promise<boolean> {
  const text = damagedHead(exchange, head);
  const slow = exchange.faults.get('slow_headers');
  if (!slow) {
    if (exchange.socket.writable) exchange.socket.write(text);
    return exchange.socket.writable;
  }
  for (const byte of endlessly(text, slow)) {
    if (exchange.gone.aborted) return false;
    exchange.socket.write(byte, 'latin1');
    await exchange.wait(slow.number('ms', 1000));
  }
  return !exchange.gone.aborted;
}

function* endlessly(text: string, slow: Fault): Generator<string> {
  if (slow.text('until', 'end') !== 'never') {
    yield* text;
    return;
  }
  yield* text.slice(0, -2);
  for (let n = 0; ; n += 1) yield* `X-Padding-${n}: 0\r\n`;
}

/** Sends a complete answer and closes the connection, like every answer of the engine. */
export async function sendAnswer(
  exchange: Exchange,
  serverHeader: string,
  answer: Answer,
): Promise<void> {
  const { faults, socket } = exchange;
  const headers: [string, string][] = answer.headers.map(([name, value]) => [name, value]);
  let { body } = answer;
  const isRedirect = answer.status >= 300 && answer.status < 400;
  if (faults.has('gzip')) {
    body = gzipSync(body);
    headers.push(['Content-Encoding', 'gzip']);
  }
  const wrongLength = faults.get('content_length_wrong');
  if (wrongLength) {
    headers.push(['Content-Length', String(wrongLength.number('length', body.length + 100))]);
  } else if (faults.has('chunked')) {
    headers.push(['Transfer-Encoding', 'chunked']);
    body = Buffer.concat([
      Buffer.from(body.length > 0 ? `${body.length.toString(16)}\r\n` : ''),
      body,
      Buffer.from(body.length > 0 ? '\r\n0\r\n\r\n' : '0\r\n\r\n'),
    ]);
  } else if (!isRedirect) {
    headers.push(['Content-Length', String(body.length)]);
  }
  const alive = await writeHead(exchange, headText(serverHeader, answer.status, headers));
  if (!alive) return;
  const drip = faults.get('redirect_endless_body');
  if (isRedirect && drip) {
    await dripForever(exchange, drip);
    return;
  }
  if (exchange.request.method !== 'HEAD') socket.write(body);
  socket.end();
}

async function dripForever(exchange: Exchange, fault: Fault): Promise<void> {
  while (!exchange.gone.aborted) {
    exchange.socket.write('.'.repeat(Math.max(1, fault.number('bytes', 1))));
    await exchange.wait(fault.number('ms', 100));
  }
}
