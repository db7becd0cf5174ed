import { connect, type Socket } from 'node:net';
import { ChunkedBody } from './chunked-body';
import { parseTarget, requestText, type Target, type ViewerOptions } from './player-request';
import { parseHead, type ResponseHead } from './response-head';
import { onScopeEnd } from './scope';
import { StreamAudit } from './stream-audit';

/** How a connection ended: by the server with FIN or RST, or by the viewer. */
export interface Ending {
  readonly how: 'fin' | 'rst' | 'ours';
  /** ms since the connection was requested. */
  readonly afterMs: number;
}

/** Maximum time of conditions on a busy machine; the product promises no such time. */
const WITHIN_MS = 30_000;
const READ_BYTES = 64 * 1024;
const TEXT_BYTES = 64 * 1024;

/** Opens a connection like a player and sends its request. It ends with the test or file that opened it. */
export function openViewer(target: Target, options: ViewerOptions = {}): Viewer {
  const viewer = new Viewer(target, options);
  onScopeEnd(() => viewer.destroy());
  return viewer;
}

/** A player with access to its socket: its response, the received media, and the end of its connection. */
export class Viewer {
  /** Audit of the body, if its status is 200. */
  readonly audit = new StreamAudit();
  /** Rejects if the connection ends before the response head has arrived. */
  readonly head: Promise<ResponseHead>;
  /** Resolves when the connection has ended. Never rejects. */
  readonly closed: Promise<Ending>;
  ending: Ending | null = null;
  /** ms from the request to the head; null until then. */
  headAfterMs: number | null = null;
  private readonly openedMs = performance.now();
  private readonly socket: Socket;
  private before = Buffer.alloc(0);
  private response: ResponseHead | null = null;
  private text = Buffer.alloc(0);
  /** Only a reverse proxy uses chunked framing for a stream. */
  private chunks: ChunkedBody | null = null;
  private readonly pieces: Buffer[] = [];
  private keptBytes = 0;
  private readonly watchers = new Set<() => void>();
  private isOurs = false;
  private isPaused = false;
  private dueMs = 0;
  private pacing: NodeJS.Timeout | null = null;

  constructor(
    target: Target,
    private readonly options: ViewerOptions,
  ) {
    const { port, path } = typeof target === 'string' ? parseTarget(target) : target;
    // A slow reader reads small pieces, so that its rate is even.
    const size = options.readRate === undefined ? READ_BYTES : Math.max(512, options.readRate / 20);
    this.socket = connect({
      host: '127.0.0.1',
      port,
      localAddress: options.localAddress,
      allowHalfOpen: true,
      noDelay: true,
      onread: {
        buffer: Buffer.alloc(Math.min(READ_BYTES, Math.floor(size))),
        callback: (length, buffer) => this.receive(Buffer.from(buffer.subarray(0, length))),
      },
    });
    this.closed = this.watchEnd();
    this.head = new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.response !== null) resolve(this.response);
        else if (this.ending !== null) {
          reject(new Error(`no head: the connection ended with ${this.ending.how}`));
        } else return;
        this.watchers.delete(look);
      };
      this.watchers.add(look);
    });
    this.head.catch(() => undefined);
    this.socket.write(options.raw ?? requestText(port, path, options));
  }

  /** The status, once the response head has arrived. */
  async status(): Promise<number> {
    return (await this.head).status;
  }

  /** The whole body of a finite response, according to its framing; for errors and JSON. */
  async body(): Promise<string> {
    const { headers } = await this.head;
    const length = headers['content-length'];
    if (length !== undefined && headers['transfer-encoding'] === undefined) {
      await this.until(() => this.text.length >= Number(length), WITHIN_MS, 'the body');
      return this.text.toString('utf8', 0, Number(length));
    }
    await this.closed;
    return this.text.toString();
  }

  /** The body as JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of many shapes
  async json(): Promise<any> {
    return JSON.parse(await this.body());
  }

  /** The first body bytes, up to `keepBytes`. */
  kept(): Buffer {
    return Buffer.concat(this.pieces);
  }

  /**
   * Resolves as soon as `fact` is true; it is evaluated whenever bytes arrive, and at intervals.
   *
   * @throws with the audit's summary after `timeoutMs`, or if the connection ends before
   */
  async until(
    fact: (audit: StreamAudit) => boolean,
    timeoutMs = WITHIN_MS,
    what = 'the condition',
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        const status = this.response?.status ?? 'no head';
        finish();
        reject(new Error(`${what}: ${why} (${status}; ${this.audit.describe()})`));
      };
      const look = (): void => {
        if (fact(this.audit)) {
          finish();
          resolve();
        } else if (this.ending !== null) fail(`the connection ended with ${this.ending.how}`);
      };
      const timer = setTimeout(() => fail(`not within ${timeoutMs} ms`), timeoutMs);
      const ticker = setInterval(look, 50);
      const finish = (): void => {
        clearTimeout(timer);
        clearInterval(ticker);
        this.watchers.delete(look);
      };
      this.watchers.add(look);
      look();
    });
  }

  /** True if the body has framing that proves that it is complete. */
  get isWhole(): boolean {
    return this.chunks?.isOver === true;
  }

  /** Waits for pictures: a random access point and half a second of media. */
  async playing(timeoutMs = WITHIN_MS): Promise<void> {
    await this.until((audit) => audit.isPlaying, timeoutMs, 'pictures');
  }

  /** Waits for `ms` more of media (broadcast time). */
  async receiveMore(ms: number, timeoutMs = ms * 2 + WITHIN_MS): Promise<void> {
    const before = this.audit.markers.receivedMs;
    await this.until((audit) => audit.markers.receivedMs >= before + ms, timeoutMs, 'media');
  }

  /** Stops reading; the kernel's buffers fill up. */
  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.socket.resume();
  }

  /** Disconnects like most players. */
  destroy(): void {
    this.isOurs = true;
    this.socket.destroy();
  }

  /** Disconnects with RST. */
  reset(): void {
    this.isOurs = true;
    this.socket.resetAndDestroy();
  }

  /** Closes the sending half and continues to read. */
  halfClose(): void {
    this.socket.end();
  }

  private receive(chunk: Buffer): boolean {
    if (this.response === null) {
      this.before = Buffer.concat([this.before, chunk]);
      const parsed = parseHead(this.before);
      if (parsed !== null) {
        this.response = parsed.head;
        this.headAfterMs = performance.now() - this.openedMs;
        const isChunked = parsed.head.headers['transfer-encoding'] === 'chunked';
        if (isChunked && isMedia(parsed.head)) this.chunks = new ChunkedBody();
        this.takeBody(parsed.body);
      }
    } else {
      this.takeBody(chunk);
    }
    for (const watcher of [...this.watchers]) watcher();
    return this.pace(chunk.length);
  }

  private takeBody(bytes: Buffer): void {
    const chunk = this.chunks?.decode(bytes) ?? bytes;
    if (chunk.length === 0) return;
    if (this.response !== null && isMedia(this.response)) this.audit.feed(chunk);
    else if (this.text.length < TEXT_BYTES) this.text = Buffer.concat([this.text, chunk]);
    const room = (this.options.keepBytes ?? 0) - this.keptBytes;
    if (room <= 0) return;
    const piece = chunk.subarray(0, room);
    this.keptBytes += piece.length;
    this.pieces.push(piece);
  }

  /** False if reading must pause to keep the rate. */
  private pace(length: number): boolean {
    const { readRate } = this.options;
    if (readRate === undefined) return !this.isPaused;
    const nowMs = performance.now();
    this.dueMs = Math.max(this.dueMs, nowMs) + (length / readRate) * 1000;
    this.pacing = setTimeout(() => {
      if (!this.isPaused) this.socket.resume();
    }, this.dueMs - nowMs);
    return false;
  }

  private async watchEnd(): Promise<Ending> {
    return new Promise((resolve) => {
      let how: Ending['how'] = 'ours';
      this.socket.once('end', () => {
        // libuv reports a reset that arrives together with unread bytes as an end; a write reveals the reset.
        this.socket.write('\0', (error) => {
          how = error ? 'rst' : 'fin';
          this.socket.destroy();
        });
      });
      this.socket.on('error', () => {
        how = 'rst';
      });
      this.socket.once('close', () => {
        if (this.pacing !== null) clearTimeout(this.pacing);
        const afterMs = performance.now() - this.openedMs;
        this.ending = { how: this.isOurs ? 'ours' : how, afterMs };
        for (const watcher of [...this.watchers]) watcher();
        resolve(this.ending);
      });
    });
  }
}

function isMedia({ headers }: ResponseHead): boolean {
  return headers['content-type'] === 'video/mp2t';
}
