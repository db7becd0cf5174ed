import { createHash } from 'node:crypto';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { onScopeEnd } from './scope';
import { eventually } from './wait';

export interface FileRequestOptions {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads nothing until `resume`. */
  readonly paused?: boolean;
  readonly localAddress?: string;
}

/** One request for a file, on its own connection. It ends with the test or file that opened it. */
export class FileRequest {
  readonly head: Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }>;
  /** Resolves when the whole body has arrived; rejects when the connection broke. */
  readonly whole: Promise<Buffer>;
  bytes = 0;
  private readonly pieces: Buffer[] = [];
  private readonly outgoing;
  private response: IncomingMessage | null = null;

  constructor(url: string, options: FileRequestOptions = {}) {
    const { method = 'GET', headers = {}, localAddress } = options;
    this.outgoing = request(url, { method, headers: { ...headers }, agent: false, localAddress });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      this.outgoing.once('response', resolve);
      this.outgoing.on('error', reject);
    });
    this.head = answered.then((response) => {
      this.response = response;
      return { status: response.statusCode ?? 0, headers: response.headers };
    });
    this.whole = answered.then((response) => this.read(response, options.paused === true));
    this.whole.catch(() => undefined);
    this.head.catch(() => undefined);
    this.outgoing.end();
    onScopeEnd(() => this.hangUp());
  }

  async status(): Promise<number> {
    return (await this.head).status;
  }

  async json(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse((await this.whole).toString()) as Record<string, unknown>;
  }

  /** Resolves when this many bytes have arrived. */
  async received(bytes: number): Promise<void> {
    await eventually(() => this.bytes >= bytes, 30_000, `${bytes} bytes`);
  }

  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  hangUp(): void {
    this.outgoing.destroy();
  }

  private read(response: IncomingMessage, isPaused: boolean): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      response.on('data', (piece: Buffer) => {
        this.pieces.push(piece);
        this.bytes += piece.length;
      });
      if (isPaused) response.pause();
      response.on('end', () => resolve(Buffer.concat(this.pieces)));
      response.on('error', reject);
    });
  }
}

export function sha1(data: Buffer): string {
  return createHash('sha1').update(data).digest('hex');
}
