import net from 'node:net';
import { type MediaTally, MediaWatch } from './media-watch';

const MAX_HEAD_BYTES = 16 * 1024;
/** All viewers read into the same buffer, because each read is checked before the next one. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** One player that never reconnects: an ended response stays ended and is counted. */
export class MediaViewer {
  readonly watch: MediaWatch;
  isOver = false;
  private head: string | null = '';
  private readonly socket: net.Socket;

  constructor(port: number, path: string, tally: MediaTally) {
    this.watch = new MediaWatch(tally);
    this.socket = net.connect({
      ...{ host: '127.0.0.1', port, noDelay: true },
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          const start = this.head === null ? 0 : this.readHead(length);
          if (start === null) this.socket.destroy();
          else if (start < length) this.watch.read(READ_BUFFER, start, length, performance.now());
          return true;
        },
      },
    });
    const over = (): void => {
      this.isOver = true;
      this.socket.destroy();
    };
    this.socket.on('error', over).on('end', over).on('close', over);
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        'User-Agent: acefleet-bench\r\nAccept: */*\r\n\r\n',
    );
  }

  close(): void {
    this.socket.destroy();
  }

  /** Offset of the body in the read, its length if the head is not complete; null if the response is not a stream. */
  private readHead(length: number): number | null {
    const before = this.head?.length ?? 0;
    const head = (this.head ?? '') + READ_BUFFER.toString('latin1', 0, length);
    const end = head.indexOf('\r\n\r\n');
    this.head = head;
    if (end < 0) return head.length > MAX_HEAD_BYTES ? null : length;
    if (!head.startsWith('HTTP/1.1 200 ')) return null;
    this.head = null;
    return end + 4 - before;
  }
}
