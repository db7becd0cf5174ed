import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
  type Simulator,
} from './support';

/** Stands for every secret of a webhook: in its address and in its headers. */
const MARKER = 'marker-of-webhooks';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies have many shapes
  readonly body: any;
}

/** A receiver that answers with a status for each path, 204 by default. */
async function openReceiver(): Promise<{
  readonly port: number;
  readonly requests: Received[];
  readonly statuses: Map<string, number>;
}> {
  const requests: Received[] = [];
  const statuses = new Map<string, number>();
  const server = createServer((request, response) => {
    void text(request).then((received) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const body: unknown = JSON.parse(received);
      requests.push({ path, headers: request.headers, text: received, body });
      response.writeHead(statuses.get(path) ?? 204, { location: '/elsewhere' }).end();
    });
  }).listen(0, '127.0.0.1');
  onScopeEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, requests, statuses };
}

/** As a receiver checks a request, written from the specification of Standard Webhooks. */
function isSignedWith({ headers, text: body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const { 'webhook-id': id, 'webhook-timestamp': at } = headers;
  if (Math.abs(Date.now() / 1000 - Number(at)) > 300) return false;
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(at)}.${body}`)
    .digest('base64');
  return String(headers['webhook-signature']).split(' ').includes(`v1,${expected}`);
}

describe('webhooks', () => {
  let receiver: Awaited<ReturnType<typeof openReceiver>>;
  let engine: Simulator;
  let product: Product;
  const logs: string[] = [];
  const secrets: string[] = [];

  let dataDir: string;

  const start = (): Promise<Product> =>
    startProduct({
      engines: [engine],
      dataDir,
      env: { OUTBOUND_ALLOW: `127.0.0.1:${receiver.port}`, WEBHOOK_HOLD: '0s' },
    });

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-webhooks-'));
    onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
    receiver = await openReceiver();
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await start();
  });

  const api = (method: string, path: string, body?: object): Promise<Answer> =>
    product.api(method, `/api/v1/webhooks${path}`, body);

  const at = (path: string): Received[] => receiver.requests.filter((one) => one.path === path);

  const url = (path: string): string => `http://127.0.0.1:${receiver.port}${path}?token=${MARKER}`;

  async function create(path: string, body: object = {}): Promise<Answer['body']> {
    const created = await api('POST', '', { name: path, url: url(path), ...body });
    expect({ status: created.status, text: created.text }).toMatchObject({ status: 201 });
    secrets.push(created.body.secret);
    return created.body;
  }

  /** Causes one event. */
  async function changeSetting(value: number): Promise<void> {
    const changed = await product.api('PATCH', '/api/v1/settings', {
      PROXY_MAX_SESSIONS: value,
    });
    expect({ status: changed.status, text: changed.text }).toMatchObject({ status: 200 });
  }

  async function putChannel(...ids: readonly string[]): Promise<void> {
    const body = { name: 'News', sources: ids.map((id) => ({ id })) };
    const answer = await product.api('PUT', '/api/v1/channels/news', body);
    expect([200, 201]).toContain(answer.status);
  }

  const deliveries = async (id: string, query = ''): Promise<Answer['body']> =>
    (await api('GET', `/${id}/deliveries${query}`)).body;

  /** Looks for what only receivers may know, in what others read and on the disk. */
  async function expectSecretsNowhere(id: string): Promise<void> {
    const changed = await api('PATCH', `/${id}`, { headers: { 'X-Other': MARKER } });
    expect(changed.body.header_names).toEqual(['Authorization', 'X-Other']);
    const withoutAddress = JSON.stringify({ ...changed.body, url: '' });
    const shown = [
      withoutAddress,
      JSON.stringify(await deliveries(id)),
      (await product.api('GET', '/api/v1/events?limit=1000')).text,
      (await product.api('GET', '/metrics')).text,
      JSON.stringify(await product.logsSoFar()),
      ...logs,
      ...readdirSync(dataDir, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => readFileSync(join(dataDir, name), 'latin1')),
    ];
    for (const secret of [MARKER, ...secrets]) {
      expect(shown.filter((place) => place.includes(secret))).toEqual([]);
    }
    expect((await api('DELETE', `/${id}`)).status).toBe(200);
    expect((await api('GET', `/${id}`)).status).toBe(404);
  }

  it('sign with both secrets after a rotation', async () => {
    const hook = await create('/rotated');
    const rotated = (await api('POST', `/${hook.id}/rotate-secret`)).body;
    secrets.push(rotated.secret);
    expect(rotated.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rotated.old_secret_until).not.toBeNull();
    const tested = await api('POST', `/${hook.id}/test`);
    expect(tested.body).toMatchObject({ state: 'delivered', kind: 'test', last_status: 204 });
    const [request] = at('/rotated');
    expect(request?.body).toMatchObject({ type: 'webhook_test', data: { kind: 'test' } });
    for (const secret of [hook.secret, rotated.secret]) {
      expect(request !== undefined && isSignedWith(request, secret)).toBe(true);
    }
    expect(request !== undefined && isSignedWith(request, `whsec_${'A'.repeat(43)}=`)).toBe(false);
  });

  it('stop when the receiver is gone, follow no redirect, and say why a test failed', async () => {
    receiver.statuses.set('/gone', 410).set('/moved', 302);
    const gone = await create('/gone');
    expect((await api('POST', `/${gone.id}/test`)).body).toMatchObject({
      ...{ state: 'dead', attempts: 1, last_status: 410 },
    });
    expect((await api('GET', `/${gone.id}`)).body).toMatchObject({
      ...{ is_enabled: false, disabled_reason: 'gone', state: 'disabled' },
    });
    expect((await api('POST', `/${gone.id}/replay`)).status).toBe(409);
    const enabled = await api('PATCH', `/${gone.id}`, { is_enabled: true });
    expect(enabled.body).toMatchObject({ is_enabled: true, disabled_reason: null });
    const moved = await create('/moved');
    expect((await api('POST', `/${moved.id}/test`)).body.last_status).toBe(302);
    expect(at('/elsewhere')).toEqual([]);
    const own = await create('/own', { url: `http://127.0.0.1:${product.port}/${MARKER}` });
    expect((await api('POST', `/${own.id}/test`)).body).toMatchObject({
      ...{ state: 'dead', last_status: null, last_error: { code: 'outbound_refused' } },
    });
  });

  it('send what ntfy, Gotify, Discord and Home Assistant expect', async () => {
    const received = async (preset: string, path: string): Promise<Received | undefined> => {
      const hook = await create(path, { preset, template: 'Hello: {text}' });
      expect((await api('POST', `/${hook.id}/test`)).body.state).toBe('delivered');
      return receiver.requests.at(-1);
    };
    const title = 'acefleet: test';
    const message = 'Hello: This is a test of acefleet. The webhook works.';
    expect(await received('ntfy', '/topic')).toMatchObject({
      path: '/',
      body: { topic: 'topic', title, message, priority: 3 },
    });
    expect(await received('gotify', '/message')).toMatchObject({
      path: '/message',
      body: { title, message, priority: 4 },
    });
    expect(await received('discord', '/api/webhooks/1/x')).toMatchObject({
      body: { embeds: [{ title, description: message }], allowed_mentions: { parse: [] } },
    });
    expect(await received('home_assistant', '/api/webhook/x')).toMatchObject({
      body: { kind: 'test', title, message },
    });
  });

  it('refuse terms that make no sense', async () => {
    for (const terms of [
      { events: ['nonsense'] },
      { events: [] },
      { preset: 'ntfy' },
      { template: '{text}' },
      { preset: 'gotify', template: '{secret}' },
      { headers: { 'Content-Length': '1' } },
      { headers: { 'webhook-id': '1' } },
      { headers: { A: 'b\r\nc: d' } },
      { max_attempts: 9 },
      { url: 'file:///etc/passwd' },
    ]) {
      const body = { name: 'a', url: url('/a/b'), ...terms };
      const { status } = await api('POST', '', body);
      expect({ terms, status }).toEqual({ terms, status: 400 });
    }
    expect((await api('GET', '/nonsense/deliveries')).status).toBe(404);
  });

  it('deliver through failure, restart, dead letter and replay, and tell of the end of a problem', async () => {
    const headers = { Authorization: `Bearer ${MARKER}` };
    const events = ['settings_changed'];
    const hook = await create('/down', { events, headers, max_attempts: 2 });
    const alarms = await create('/alarms');
    receiver.statuses.set('/down', 500);
    await changeSetting(77);
    const dead = newContentId();
    await engine.fault({ kind: 'json_error', content: dead });
    await putChannel(dead);
    await openViewer(product.url('/ace/getstream?channel=news')).head;
    const problem = await eventually(() =>
      at('/alarms').find(({ body }) => body.type === 'channel_died'),
    );
    expect(isSignedWith(problem, alarms.secret)).toBe(true);
    expect(problem.body).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        ...{ kind: 'problem', level: 'error', subject: 'channel:news', duration_s: null },
        details: { channel: 'news' },
      },
    });
    await eventually(async () => (await deliveries(hook.id)).deliveries[0]?.attempts === 1);
    expect((await deliveries(hook.id)).deliveries).toMatchObject([
      {
        ...{ state: 'pending', kind: 'event', type: 'settings_changed', last_status: 500 },
        last_error: { code: 'status', detail: 'the receiver answered 500' },
        next_attempt_at: expect.stringMatching(/Z$/),
      },
    ]);
    expect((await api('GET', `/${hook.id}`)).body).toMatchObject({
      ...{ pending: 1, header_names: ['Authorization'], state: 'ok' },
    });

    await product.stop();
    logs.push(product.logText());
    product = await start();

    // The channel gets another source, so it is no longer dead.
    await putChannel(dead, newContentId());
    const recovery = await eventually(() =>
      at('/alarms').find(({ body }) => body.type === 'channel_recovered'),
    );
    expect(recovery.body.data).toMatchObject({ kind: 'recovery', level: 'info' });
    expect(recovery.body.data.message).toMatch(/^Recovered after \d+ s\. /);
    await eventually(
      async () => (await deliveries(hook.id, '?state=dead')).deliveries.length === 1,
    );
    expect((await api('GET', `/${hook.id}`)).body).toMatchObject({ pending: 0, dead_letters: 1 });

    receiver.statuses.delete('/down');
    const [letter] = (await deliveries(hook.id)).deliveries;
    expect((await api('POST', `/${hook.id}/deliveries/${letter.id}/replay`)).status).toBe(202);
    await eventually(
      async () => (await deliveries(hook.id, '?state=delivered')).deliveries.length === 1,
    );
    expect(at('/down')).toHaveLength(3);
    for (const request of at('/down')) {
      expect(request.headers).toMatchObject({
        ...{ 'webhook-id': letter.id, authorization: `Bearer ${MARKER}` },
        'content-type': 'application/json',
      });
      expect(isSignedWith(request, hook.secret)).toBe(true);
    }
    expect(at('/down')[0]?.text).toBe(at('/down')[2]?.text);
    expect((await api('POST', `/${hook.id}/replay`)).body).toEqual({ replayed: 0 });
    await expectSecretsNowhere(hook.id);
  });
});
