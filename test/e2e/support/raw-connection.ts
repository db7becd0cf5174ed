import { connect, type Socket } from 'node:net';
import { parseHead, type ResponseHead } from './response-head';
import { onScopeEnd } from './scope';
import type { Problem } from './problem';

/** An answer whose body has a length. */
export interface RawAnswer {
  readonly head: ResponseHead;
  readonly body: string;
}

export interface RawOptions {
  /** Source address, for example 127.0.0.2. */
  readonly localAddress?: string;
}

const MAX_RECEIVED_BYTES = 1024 * 1024;
const NO_LENGTH = 0;

/** Opens a connection on which any bytes can be sent. It ends with the test or file that opened it. */
export function openRaw(port: number, options: RawOptions = {}): RawConnection {
  const connection = new RawConnection(port, options);
  onScopeEnd(() => connection.destroy());
  return connection;
}

/** Sends bytes, and resolves with all answers when the server has closed the connection. */
export async function exchange(
  port: number,
  bytes: string | Buffer,
  options?: RawOptions,
): Promise<RawAnswer[]> {
  const connection = openRaw(port, options);
  connection.send(bytes);
  await connection.closed;
  return connection.answers();
}

/** A connection with access to its bytes. */
export class RawConnection {
  /** Resolves when the server or the test has closed the connection. Never rejects. */
  readonly closed: Promise<void>;
  /** ms from the beginning to the end; null while it is open. */
  endedAfterMs: number | null = null;
  private readonly socket: Socket;
  private readonly openedMs = performance.now();
  private bytes: Buffer = Buffer.alloc(0);

  constructor(port: number, options: RawOptions) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true, ...options });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      if (this.bytes.length < MAX_RECEIVED_BYTES) this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.endedAfterMs = performance.now() - this.openedMs;
        resolve();
      });
    });
  }

  /** Returns false if the connection is closed. Text is sent as Latin-1, a byte per character. */
  send(bytes: string | Buffer): boolean {
    if (this.socket.destroyed || !this.socket.writable) return false;
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return true;
  }

  /** The bytes received so far. */
  received(): Buffer {
    return this.bytes;
  }

  /** The answers received so far. @throws if the bytes are something else */
  answers(): RawAnswer[] {
    const answers: RawAnswer[] = [];
    let rest: Buffer = this.bytes;
    while (rest.length > 0) {
      const parsed = parseHead(rest);
      if (parsed === null) throw new Error(`no whole answer: ${rest.toString('latin1', 0, 200)}`);
      const length = Number(parsed.head.headers['content-length'] ?? NO_LENGTH);
      answers.push({ head: parsed.head, body: parsed.body.toString('utf8', 0, length) });
      rest = parsed.body.subarray(length);
    }
    return answers;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Asserts that an answer is a problem document with this status, with its id in both places, and returns it. */
export function problemOf({ head, body }: RawAnswer, status: number): Problem {
  expect({ status: head.status, type: head.headers['content-type'] }).toEqual({
    status,
    type: 'application/problem+json',
  });
  expect(body).not.toMatch(/\.[jt]s:\d+|\bat .+\(|node_modules/);
  const problem = JSON.parse(body) as Problem;
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    code: expect.stringMatching(/^[a-z_]+$/),
    detail: expect.any(String),
    request_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(head.headers['x-request-id']).toBe(problem.request_id);
  return problem;
}
