import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AceEngineClient } from './ace-engine-client';

const SETTINGS = { upload_limit: 125, live_buffer: 20 };

describe('AceEngineClient.changeSettings', () => {
  const seen: unknown[] = [];
  let server: Server;
  let status: number;
  let ace: AceEngineClient;

  beforeEach(async () => {
    seen.length = 0;
    ace = new AceEngineClient();
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const { method, url, headers } = request;
        seen.push({ method, url, key: headers['x-api-key'], body: JSON.parse(body) as unknown });
        response.writeHead(status).end(status === 204 ? undefined : '{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    await ace.close();
    server.close();
  });

  const change = (): Promise<boolean> => {
    const { port } = server.address() as AddressInfo;
    return ace.changeSettings({ host: '127.0.0.1', port }, 'token', SETTINGS, { timeoutMs: 5000 });
  };

  it.each([
    [200, true],
    [204, true],
    [400, false],
    [403, false],
    [404, false],
    [501, false],
  ])('takes an answer with status %d as %s', async (answer, expected) => {
    status = answer;
    expect(await change()).toBe(expected);
    expect(seen).toEqual([
      { method: 'PATCH', url: '/api/v1/settings', key: 'token', body: SETTINGS },
    ]);
  });

  it('reports a failure of the engine as its fault', async () => {
    status = 500;
    await expect(change()).rejects.toMatchObject({ kind: 'engine', reason: 'http_500' });
  });
});
