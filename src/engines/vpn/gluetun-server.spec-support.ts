import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** Answer of a route: a JSON body with status 200, a bare status, or a function. */
export type ScriptedRoute =
  object | number | ((request: IncomingMessage, response: ServerResponse) => void);

/** Answers of a server that requires a key, for every route that the client requests. */
export const KEY_REQUIRED = {
  '/v1/vpn/status': 401,
  '/v1/openvpn/status': 401,
  '/v1/portforward': 401,
  '/v1/openvpn/portforwarded': 401,
  '/v1/publicip/ip': 401,
} as const;

/** A control server on a real socket. It answers 404 on routes that are not scripted. */
export class ScriptedControlServer {
  routes: Record<string, ScriptedRoute> = {};
  /** `GET path` with the key that came, oldest first. */
  readonly asked: { readonly path: string; readonly key: string | undefined }[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.answer(request, response),
    );
  }

  /** @param host a loopback address; servers at different addresses may use the same port, as several VPNs do */
  static async start(host = '127.0.0.1', port = 0): Promise<ScriptedControlServer> {
    const server = createServer().listen(port, host);
    await once(server, 'listening');
    return new ScriptedControlServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get paths(): string[] {
    return this.asked.map(({ path }) => path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const key = request.headers['x-api-key'];
    this.asked.push({ path, key: typeof key === 'string' ? key : undefined });
    const route = this.routes[path] ?? 404;
    if (typeof route === 'function') return void route(request, response);
    if (typeof route === 'number') return void response.writeHead(route).end();
    response.setHeader('Content-Type', 'application/json');
    response.end(`${JSON.stringify(route)}\n`);
  }
}
