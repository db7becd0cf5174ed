import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Two ends of one real connection: `near` belongs to the server, `far` to the viewer. */
export interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** The buffers passed to each `write` of the near end. */
  readonly writes: readonly Buffer[];
  /** All bytes that the far end has read. */
  received(): Buffer;
  receivedBytes(): number;
  /** Starts to read at the far end. Before that the bytes stay in the kernel buffers. */
  read(): void;
}

/** Real TCP connections over the loopback interface. */
export class Loopback {
  private readonly sockets: Socket[] = [];
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly server: Server) {
    // Foreign connections to this port are recorded too, because the server does not close while they are open.
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

  /** Connects one pair after the other, so that each accepted socket belongs to the right client. */
  pair(): Promise<Pair> {
    const pair = this.last.then(() => this.connect());
    this.last = pair;
    return pair;
  }

  private async connect(): Promise<Pair> {
    const accepted = once(this.server, 'connection') as Promise<[Socket]>;
    const far = connect((this.server.address() as AddressInfo).port, '127.0.0.1');
    const [[near]] = await Promise.all([accepted, once(far, 'connect')]);
    // Some tests reset the connection from the near end, which must not be an uncaught error here.
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

  /** Stops accepting and destroys all sockets, without waiting for either. */
  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
