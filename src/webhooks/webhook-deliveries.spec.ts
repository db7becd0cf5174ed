import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Jobs } from '../coordination';
import { localJobs } from '../coordination/testing/local-jobs.spec-support';
import { EventBus, type RecordedEvent } from '../events';
import { OutboundRequests } from '../outbound';
import { DataFolder } from '../storage';
import { testNotice } from './notice';
import type { Webhook } from './webhook';
import { MAX_PENDING, WebhookDeliveries } from './webhook-deliveries';
import { WebhookSender } from './webhook-sender';
import { Webhooks } from './webhooks';

const GIVE_UP_MS = 20_000;
const NOTICE = testNotice('w', '2026-01-01T00:00:00.000Z');

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!(await fact())) {
    if (performance.now() > giveUpAt)
      throw new Error(`not within ${GIVE_UP_MS} ms: ${String(fact)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('WebhookDeliveries', () => {
  let dataDir: string;
  let server: Server;
  let port: number;
  let folder: DataFolder;
  let events: EventBus;
  let webhooks: Webhooks;
  let deliveries: WebhookDeliveries;
  let jobs: Jobs & { onModuleDestroy(): Promise<void> };
  /** Requests that have no answer yet, by path. */
  const open = new Map<string, ServerResponse[]>();
  let received: { readonly path: string; readonly id: string }[] = [];
  let answer: (path: string, response: ServerResponse) => void;

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error', 'warn', 'log']));

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-webhooks-'));
    received = [];
    open.clear();
    answer = (_, response) => response.writeHead(204).end();
    server = createServer((request, response) => {
      const path = request.url ?? '';
      request.resume();
      received.push({ path, id: String(request.headers['webhook-id']) });
      answer(path, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    await start();
  });

  afterEach(async () => {
    await stop();
    server.closeAllConnections();
    server.close();
    rmSync(dataDir, { recursive: true });
  });

  async function start(): Promise<void> {
    folder = new DataFolder(dataDir);
    await folder.open();
    events = new EventBus();
    webhooks = new Webhooks(folder, events);
    await webhooks.onModuleInit();
    const allowed = [{ host: '127.0.0.1', bits: null, port }];
    const outbound = new OutboundRequests(allowed, { list: () => [] });
    jobs = localJobs(async (name, data, signal) => {
      if (name !== 'webhook.deliver') deliveries.prune();
      else await deliveries.deliver(data as { webhookId: string }, signal);
    }) as typeof jobs;
    const sender = new WebhookSender({ publicUrl: null }, outbound);
    deliveries = new WebhookDeliveries(folder, webhooks, sender, jobs);
    await deliveries.onApplicationBootstrap();
  }

  async function stop(): Promise<void> {
    await Promise.all([jobs.onModuleDestroy(), deliveries.onModuleDestroy()]);
    await webhooks.onModuleDestroy();
    events.onApplicationShutdown();
    await folder.close();
  }

  const create = (path: string): Promise<Webhook> =>
    webhooks.create({
      ...{ name: path, url: `http://127.0.0.1:${port}/${path}`, headers: {}, isEnabled: true },
      ...{ events: ['problems'], minLevel: 'info', preset: 'standard', template: null },
      maxAttempts: 8,
    });

  const keepOpen = (path: string, response: ServerResponse): void => {
    open.set(path, [...(open.get(path) ?? []), response]);
  };

  const at = (path: string): string[] =>
    received.filter((one) => one.path === `/${path}`).map(({ id }) => id);

  it('sends a few at once, and a slow receiver holds no other up', async () => {
    answer = (path, response) => {
      if (path === '/slow') keepOpen(path, response);
      else response.writeHead(204).end();
    };
    const [slow, fast] = [await create('slow'), await create('fast')];
    for (let n = 0; n < 10; n++) deliveries.add(slow, NOTICE);
    await until(() => at('slow').length === 3);
    for (let n = 0; n < 5; n++) deliveries.add(fast, NOTICE);
    await until(() => at('fast').length === 5 && deliveries.pendingCount(fast.id) === 0);
    expect(at('slow')).toHaveLength(3);
    while (deliveries.pendingCount(slow.id) > 0) {
      for (const response of open.get('/slow')?.splice(0) ?? []) response.writeHead(200).end();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(at('slow')).size).toBe(10);
    expect(at('slow')).toHaveLength(10);
  });

  it('queues a bounded number, and counts what it drops', async () => {
    answer = keepOpen;
    const hook = await create('full');
    for (let n = 0; n < MAX_PENDING + 7; n++) deliveries.add(hook, NOTICE);
    expect(deliveries.pendingCount(hook.id)).toBe(MAX_PENDING);
    expect(webhooks.healthOf(hook.id).dropped).toBe(7);
  });

  it('asks a receiver nothing while it wants to be left alone', async () => {
    answer = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end();
    const hook = await create('busy');
    deliveries.add(hook, NOTICE);
    await until(() => webhooks.healthOf(hook.id).failures === 1);
    deliveries.add(hook, NOTICE);
    const { deliveries: waiting } = await deliveries.list(hook.id, 'pending', null, 10);
    const waitMs = (waiting[1]?.nextAttemptAtMs ?? 0) - Date.now();
    expect(waitMs).toBeGreaterThan(3_500_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(at('busy')).toHaveLength(1);
    // A changed webhook is tried at once.
    answer = (_, response) => response.writeHead(204).end();
    await webhooks.update(hook.id, () => ({ name: 'other' }));
    await until(() => deliveries.pendingCount(hook.id) === 0);
    expect(new Set(at('busy')).size).toBe(2);
  });

  it('sends what a killed process left, with the same id', async () => {
    answer = keepOpen;
    const hook = await create('left');
    deliveries.add(hook, NOTICE);
    await until(() => at('left').length === 1);
    // The process ends before the answer arrives.
    await stop();
    answer = (_, response) => response.writeHead(204).end();
    await start();
    await until(() => deliveries.pendingCount(hook.id) === 0);
    expect(at('left')).toHaveLength(2);
    expect(new Set(at('left')).size).toBe(1);
    expect((await deliveries.list(hook.id, 'delivered', null, 10)).deliveries).toMatchObject([
      { attempts: 1, status: 204, fault: null },
    ]);
  });

  it('marks a webhook that fails again and again, tells of it, and of its recovery', async () => {
    const told: RecordedEvent[] = [];
    events.subscribe((event) => told.push(event));
    answer = (_, response) => response.writeHead(500).end();
    const hook = await create('failing');
    for (let n = 0; n < 3; n++) deliveries.add(hook, NOTICE);
    await until(() => told.length === 1);
    answer = (_, response) => response.writeHead(204).end();
    expect((await deliveries.test(hook.id)).state).toBe('delivered');
    await until(() => told.length === 2);
    expect(told.map(({ type, payload }) => ({ type, payload }))).toMatchObject([
      { type: 'webhook_state_changed', payload: { from: 'ok', to: 'failing' } },
      { type: 'webhook_state_changed', payload: { from: 'failing', to: 'ok' } },
    ]);
  });

  it('tells that a failing webhook is in order when its address is changed', async () => {
    const told: unknown[] = [];
    events.subscribe(({ payload }) => told.push(payload));
    answer = (_, response) => response.writeHead(500).end();
    const hook = await create('moved');
    for (let n = 0; n < 3; n++) deliveries.add(hook, NOTICE);
    await until(() => told.length === 1);
    answer = (_, response) => response.writeHead(204).end();
    await webhooks.update(hook.id, () => ({ url: `http://127.0.0.1:${port}/new` }));
    await until(() => deliveries.pendingCount(hook.id) === 0);
    expect(told).toMatchObject([
      { webhook_id: hook.id, from: 'ok', to: 'failing' },
      { webhook_id: hook.id, from: 'failing', to: 'ok' },
    ]);
    await webhooks.update(hook.id, () => ({ isEnabled: false }));
    expect(told).toHaveLength(2);
  });

  it('sends nothing for a webhook that was removed', async () => {
    answer = (_, response) => response.writeHead(500).end();
    const hook = await create('removed');
    deliveries.add(hook, NOTICE);
    await until(() => webhooks.healthOf(hook.id).failures === 1);
    await webhooks.remove(hook.id);
    expect(deliveries.pendingCount(hook.id)).toBe(0);
    await expect(deliveries.replayDead(hook.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('sends nothing again for a webhook that is removed meanwhile', async () => {
    answer = (_, response) => response.writeHead(410).end();
    const hook = await create('leaving');
    deliveries.add(hook, NOTICE);
    await until(() => webhooks.get(hook.id).disabledReason === 'gone');
    await until(() => deliveries.pendingCount(hook.id) === 0);
    await webhooks.update(hook.id, () => ({ isEnabled: true }));
    const [{ id } = { id: '' }] = (await deliveries.list(hook.id, 'dead', null, 10)).deliveries;
    const removed = webhooks.remove(hook.id);
    const replays = [deliveries.replay(hook.id, id), deliveries.replayDead(hook.id)];
    await expect(Promise.allSettled([...replays, removed])).resolves.toMatchObject([
      { reason: { code: 'not_found' } },
      { reason: { code: 'not_found' } },
      { status: 'fulfilled' },
    ]);
    expect([deliveries.pendingCount(hook.id), at('leaving').length]).toEqual([0, 1]);
  });

  it('keeps a webhook whose secrets are lost, disabled until its address is set again', async () => {
    const hook = await create('lost');
    await stop();
    for (const name of ['user-key', 'user-key.bak']) rmSync(join(dataDir, name), { force: true });
    await start();
    expect(webhooks.get(hook.id)).toMatchObject({
      ...{ isEnabled: false, disabledReason: 'secrets_lost', url: '' },
    });
    await expect(deliveries.test(hook.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(webhooks.update(hook.id, () => ({ isEnabled: true }))).rejects.toMatchObject({
      code: 'conflict',
    });
    const url = `http://127.0.0.1:${port}/found`;
    await webhooks.update(hook.id, () => ({ url, isEnabled: true }));
    expect((await deliveries.test(hook.id)).state).toBe('delivered');
  });
});
