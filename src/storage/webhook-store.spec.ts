import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';
import { type StoredDelivery, WebhookDeliveryStore } from './webhook-delivery-store';
import { WebhookIncidentStore } from './webhook-incident-store';
import { type StoredWebhook, WebhookStore } from './webhook-store';

const WEBHOOK: StoredWebhook = {
  ...{ id: 'w', name: 'Phone', isEnabled: true, disabledReason: null, events: ['problems'] },
  ...{ minLevel: 'info', preset: 'ntfy', template: null, maxAttempts: 8, sealed: 'x' },
  ...{ createdAtMs: 5, health: null },
};

const delivery = (id: string, changes: Partial<StoredDelivery> = {}): StoredDelivery => ({
  ...{ id, webhookId: 'w', state: 'pending', notice: { text: 'a\uD800\0' }, createdAtMs: 1 },
  ...{ attempts: 0, nextAttemptAtMs: 2, finishedAtMs: null, status: null, fault: null },
  ...{ durationMs: null, ...changes },
});

const finished = (id: string, state: 'delivered' | 'dead', finishedAtMs: number) =>
  delivery(id, { state, finishedAtMs, nextAttemptAtMs: null });

describe('the stores of webhooks', () => {
  let dataDir: string;
  let folder: DataFolder;
  let webhooks: WebhookStore;
  let deliveries: WebhookDeliveryStore;
  let incidents: WebhookIncidentStore;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-webhooks-'));
    folder = new DataFolder(dataDir);
    await folder.open();
    webhooks = new WebhookStore(folder);
    deliveries = new WebhookDeliveryStore(folder);
    incidents = new WebhookIncidentStore(folder);
    await webhooks.put(WEBHOOK);
  });

  afterEach(async () => {
    await Promise.all([webhooks.close(), deliveries.close(), incidents.close()]);
    await folder.close();
    rmSync(dataDir, { recursive: true });
  });

  const listed = async (query: object = {}): Promise<string[]> => {
    const all = { webhookId: 'w', state: null, before: null, limit: 100, ...query };
    return (await deliveries.list(all)).map(({ delivery: { id } }) => id);
  };

  it('keep a webhook, and its health when it is changed', async () => {
    webhooks.setHealth('w', { failures: 3 });
    await webhooks.close();
    await webhooks.put({ ...WEBHOOK, name: 'Other', isEnabled: false, disabledReason: 'gone' });
    expect(await webhooks.list()).toEqual([
      {
        ...{ ...WEBHOOK, name: 'Other', isEnabled: false, disabledReason: 'gone' },
        health: { failures: 3 },
      },
    ]);
  });

  it('keep a bounded number of changes in memory if the disk takes none', async () => {
    const bounded = new WebhookDeliveryStore(folder, 3);
    bounded.put(delivery('waits'));
    for (let n = 0; n < 10; n++) {
      bounded.put(delivery(`n${n}`));
      bounded.put(finished(`n${n}`, 'delivered', n));
    }
    await bounded.close();
    expect(await listed()).toEqual(['n0', 'waits']);
  });

  it('list deliveries by pages, the newest first, also after a change', async () => {
    for (const id of ['a', 'b', 'c', 'd']) deliveries.put(delivery(id));
    await deliveries.list({ webhookId: 'w', state: null, before: null, limit: 1 });
    deliveries.put(finished('a', 'dead', 9));
    expect(await listed()).toEqual(['d', 'c', 'b', 'a']);
    const page = await deliveries.list({ webhookId: 'w', state: null, before: null, limit: 2 });
    expect(await listed({ before: page.at(-1)?.position })).toEqual(['b', 'a']);
    expect(await listed({ state: 'pending' })).toEqual(['d', 'c', 'b']);
    expect(await listed({ webhookId: 'other' })).toEqual([]);
    expect((await deliveries.listPending()).map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    expect(await deliveries.get('w', 'a')).toEqual({
      ...finished('a', 'dead', 9),
      // What a database cannot hold is replaced.
      notice: { text: 'a\uFFFD\uFFFD' },
    });
    expect(await deliveries.get('other', 'a')).toBeNull();
    expect([...(await deliveries.countDead())]).toEqual([['w', 1]]);
  });

  it('remove old and surplus deliveries, and those without a webhook, but none that waits', async () => {
    deliveries.put(delivery('waits'));
    for (const id of ['1', '2', '3']) deliveries.put(finished(`delivered${id}`, 'delivered', 100));
    for (const id of ['1', '2', '3']) deliveries.put(finished(`dead${id}`, 'dead', 100));
    deliveries.put(finished('old', 'delivered', 10));
    deliveries.put(finished('old letter', 'dead', 10));
    deliveries.put(delivery('orphan', { webhookId: 'removed' }));
    deliveries.prune({ count: 2, deliveredSinceMs: 50, deadSinceMs: 50 });
    expect(await listed()).toEqual(['dead3', 'dead2', 'delivered3', 'delivered2', 'waits']);
    expect(await listed({ webhookId: 'removed' })).toEqual([]);
  });

  it('remove a webhook with its deliveries', async () => {
    deliveries.put(delivery('a'));
    expect(await listed()).toEqual(['a']);
    await webhooks.remove('w');
    expect([await webhooks.list(), await listed()]).toEqual([[], []]);
  });

  it('cause no new copy of the database with each delivery, and the copy has none', async () => {
    await folder.close();
    folder = new DataFolder(dataDir);
    deliveries = new WebhookDeliveryStore(folder);
    webhooks = new WebhookStore(folder);
    incidents = new WebhookIncidentStore(folder);
    const copy = join(dataDir, 'acefleet.db.bak');
    rmSync(copy);
    deliveries.put(delivery('a'));
    deliveries.prune({ count: 2, deliveredSinceMs: 50, deadSinceMs: 50 });
    webhooks.setHealth('w', { failures: 3 });
    await Promise.all([webhooks.close(), deliveries.close()]);
    expect(await listed()).toEqual(['a']);
    await folder.close();
    expect(existsSync(copy)).toBe(false);

    folder = new DataFolder(dataDir);
    webhooks = new WebhookStore(folder);
    await webhooks.put({ ...WEBHOOK, name: 'Other' });
    await folder.close();
    renameSync(copy, join(dataDir, 'acefleet.db'));
    folder = new DataFolder(dataDir);
    deliveries = new WebhookDeliveryStore(folder);
    webhooks = new WebhookStore(folder);
    incidents = new WebhookIncidentStore(folder);
    expect(await webhooks.list()).toMatchObject([{ name: 'Other', health: { failures: 3 } }]);
    expect(await listed()).toEqual([]);
  });

  it('keep incidents until they are removed', async () => {
    incidents.put({ key: 'a', state: { isBad: true } });
    incidents.put({ key: 'b', state: {} });
    incidents.remove('b');
    incidents.put({ key: 'a', state: { isBad: false } });
    await incidents.close();
    expect(await incidents.list()).toEqual([{ key: 'a', state: { isBad: false } }]);
  });
});
