import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Two ends of one real connection: `near` is ours, `far` the viewer's. */
export interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What our end was told to write, write by write. */
  readonly writes: readonly Buffer[];
  /** What the far end has read so far. */
  received(): Buffer;
  receivedBytes(): number;
  /** The far end reads from now on; before it leaves everything to the kernel. */
  read(): void;
}

/** Real TCP connections within this machine. */
export class Loopback {
  private readonly sockets: Socket[] = [];
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly server: Server) {
    // Also somebody's who took the port for another one: the server would wait for them when it closes.
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      this.sockets.push(socket);
    });
  }

  static async open(): Promise<Loopback> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Loopback(server);
  }

  /** One after the other, so that the two ends of a pair belong to one another. */
  pair(): Promise<Pair> {
    const pair = this.last.then(() => this.connect());
    this.last = pair;
    return pair;
  }

  private async connect(): Promise<Pair> {
    const accepted = once(this.server, 'connection') as Promise<[Socket]>;
    const far = connect((this.server.address() as AddressInfo).port, '127.0.0.1');
    const [[near]] = await Promise.all([accepted, once(far, 'connect')]);
    // A reset by the other end is what some tests are about.
    far.on('error', () => undefined);
    this.sockets.push(far);
    near.setNoDelay(true);
    const writes: Buffer[] = [];
    const write = near.write.bind(near);
    near.write = (data: Buffer): boolean => {
      writes.push(data);
      return write(data);
    };
    const chunks: Buffer[] = [];
    let bytes = 0;
    return {
      near,
      far,
      writes,
      received: () => Buffer.concat(chunks),
      receivedBytes: () => bytes,
      read: () => {
        far.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
        });
        far.resume();
      },
    };
  }

  /** Nothing is waited for: the server takes nobody any more, and whoever it took is broken off. */
  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
