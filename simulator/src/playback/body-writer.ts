import type { Socket } from 'node:net';
import { constants, createGzip, type Gzip } from 'node:zlib';

/** The framing of a body. A live stream of the real engine is read until the connection closes. */
export interface BodyWriter {
  write(data: Buffer): void;
  /** Ends the body correctly and closes the connection. */
  end(): void;
}

export class PlainBody implements BodyWriter {
  /** The first `singleBytes` bytes are written one by one. */
  constructor(
    private readonly socket: Socket,
    private singleBytes = 0,
  ) {}

  write(data: Buffer): void {
    const single = Math.min(this.singleBytes, data.length);
    for (let at = 0; at < single; at += 1) this.socket.write(data.subarray(at, at + 1));
    this.singleBytes -= single;
    if (single < data.length) this.socket.write(data.subarray(single));
  }

  end(): void {
    this.socket.end();
  }
}

export class ChunkedBody implements BodyWriter {
  /** `chunkBytes`: size of a chunk, 0 for one chunk per write. */
  constructor(
    private readonly socket: Socket,
    private readonly chunkBytes: number,
  ) {}

  write(data: Buffer): void {
    const size = this.chunkBytes > 0 ? this.chunkBytes : data.length;
    const pieces: Buffer[] = [];
    for (let at = 0; at < data.length; at += size) {
      const piece = data.subarray(at, at + size);
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    }
    this.socket.write(Buffer.concat(pieces));
  }

  end(): void {
    this.socket.end('0\r\n\r\n');
  }
}

export class GzipBody implements BodyWriter {
  private readonly gzip: Gzip = createGzip({ flush: constants.Z_SYNC_FLUSH, level: 1 });

  constructor(private readonly socket: Socket) {
    this.gzip.on('data', (data: Buffer) => {
      if (socket.writable) socket.write(data);
    });
    this.gzip.on('end', () => socket.end());
    socket.once('close', () => this.gzip.destroy());
  }

  write(data: Buffer): void {
    this.gzip.write(data);
  }

  end(): void {
    if (this.socket.writable) this.gzip.end();
  }
}
