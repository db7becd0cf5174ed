import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Link {
  readonly here: Socket;
  readonly there: Socket;
  /** The newest request on the connection. */
  request: string;
}

/**
 * A proxy in front of the socket of a Docker Engine that can silence open connections: they stay open, and no further
 * byte is passed.
 */
export class SocketProxy {
  private readonly links = new Set<Link>();

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async open(target: string): Promise<SocketProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'afp-'));
    const server = createServer();
    const proxy = new SocketProxy(folder, server);
    server.on('connection', (here) => {
      proxy.join(here, connect(target));
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'sock'), resolve));
    return proxy;
  }

  /** As in DOCKER_HOST. */
  get dockerHost(): string {
    return `unix://${join(this.folder, 'sock')}`;
  }

  /** Silences each open connection whose newest request has this path. @returns the number of silenced connections */
  freezeOpen(path: string): number {
    let frozen = 0;
    for (const { here, there, request } of this.links) {
      if (!request.includes(` ${path}`)) continue;
      there.removeAllListeners('data');
      there.removeAllListeners('end');
      there.resume();
      here.pause();
      frozen += 1;
    }
    return frozen;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { here, there } of this.links) {
      here.destroy();
      there.destroy();
    }
    await closed;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private join(here: Socket, there: Socket): void {
    const link: Link = { here, there, request: '' };
    this.links.add(link);
    here.on('data', (bytes: Buffer) => {
      link.request = bytes.toString('latin1').split('\r\n', 1)[0] ?? '';
      there.write(bytes);
    });
    there.on('data', (bytes: Buffer) => here.write(bytes));
    there.on('end', () => here.end());
    here.on('end', () => there.end());
    for (const socket of [here, there]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        here.destroy();
        there.destroy();
        this.links.delete(link);
      });
    }
  }
}
