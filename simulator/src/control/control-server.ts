import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ControlError, type ControlApi } from './control-api';

const MAX_BODY_BYTES = 1_000_000;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new ControlError(413, 'the body is too long');
    pieces.push(piece);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw new ControlError(400, 'the body is not JSON');
  }
}

/** The `/__sim/*` API on its own port, so that no fault affects it. */
export class ControlServer {
  private readonly server: Server;

  constructor(private readonly api: ControlApi) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @returns the port of the server. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let json: unknown;
    try {
      const target = new URL(request.url ?? '/', 'http://control');
      const body = await readJson(request);
      json = await this.api.handle(request.method ?? 'GET', target, body);
    } catch (error) {
      status = error instanceof ControlError ? error.status : 400;
      json = { error: error instanceof Error ? error.message : String(error) };
    }
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify(json)}\n`);
  }
}
