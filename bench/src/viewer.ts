import net from 'node:net';
import { PacketChecker } from './packet-checker';
import { type ViewerTally } from './viewer-tally';

const MAX_HEAD_BYTES = 16 * 1024;
const CONNECT_TIMEOUT_MS = 20_000;
/**
 * All viewers read into the same buffer: a read is checked before the next one, so one buffer is enough and stays
 * in the CPU cache, and a thousand viewers allocate nothing while they watch.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** The address of a viewer's request, on loopback. */
export interface ViewerAddress {
  port: number;
  path: string;
  httpVersion: '1.1' | '1.0';
}

/** One player: requests a stream on a plain socket and checks all received bytes until it is closed. */
export class Viewer {
  private readonly checker: PacketChecker;
  private readonly socket: net.Socket;
  private readonly askedAt = performance.now();
  private head: string | null = '';
  private sawByte = false;
  private closedByUs = false;

  constructor(
    address: ViewerAddress,
    private readonly tally: ViewerTally,
  ) {
    this.checker = new PacketChecker(tally);
    this.socket = net.connect({
      host: '127.0.0.1',
      port: address.port,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.read(length);
          return true;
        },
      },
    });
    this.socket.setTimeout(CONNECT_TIMEOUT_MS, () => this.socket.destroy());
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('end', () => this.socket.destroy());
    this.socket.on('close', () => this.countEnd());
    this.socket.write(
      `GET ${address.path} HTTP/${address.httpVersion}\r\nHost: 127.0.0.1:${address.port}\r\n` +
        'User-Agent: acefleet-bench\r\nAccept: */*\r\n\r\n',
    );
  }

  close(): void {
    this.closedByUs = true;
    this.socket.destroy();
  }

  private read(length: number): void {
    const start = this.head === null ? 0 : this.readHead(length);
    if (start >= length) return;
    if (!this.sawByte) {
      this.sawByte = true;
      this.tally.firstByteMs.add(performance.now() - this.askedAt);
    }
    this.tally.bytes += length - start;
    const sawKeyFrame = this.checker.sawKeyFrame;
    const sourceMs = this.checker.read(READ_BUFFER, start, length);
    if (!sawKeyFrame && this.checker.sawKeyFrame) {
      this.tally.firstKeyFrameMs.add(performance.now() - this.askedAt);
    }
    if (sourceMs >= 0 && this.tally.sampling) this.tally.latencyMs.add(Date.now() - sourceMs);
  }

  /** Parses the response head. Returns the offset of the body in the read, `length` if the head is not complete. */
  private readHead(length: number): number {
    const before = this.head?.length ?? 0;
    const head =
      (this.head ?? '') + READ_BUFFER.toString('latin1', 0, Math.min(length, MAX_HEAD_BYTES));
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      this.head = head;
      if (head.length >= MAX_HEAD_BYTES) this.socket.destroy();
      return length;
    }
    // A chunked body would cost the server framing and players time, so it counts as a failure.
    if (
      !/^HTTP\/1\.[01] 200 /.test(head) ||
      /\r\ntransfer-encoding:/i.test(head.slice(0, end + 2))
    ) {
      this.socket.destroy();
      return length;
    }
    this.head = null;
    this.tally.connected++;
    return end + 4 - before;
  }

  private countEnd(): void {
    if (this.closedByUs) return;
    if (this.head === null) this.tally.cutEarly++;
    else this.tally.failed++;
  }
}
