import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLag } from '../../src/kernel/testing/lag.spec-support';
import {
  eventually,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { manifestPath, openHls } from './support/hls';

const SETTINGS = '/api/v1/settings';

/** A change is in force when its answer arrives. */
const APPLIED_WITHIN_MS = 100;

/** The level that the environment of tests sets would lock the setting. */
const UNLOCKED = { LOG_LEVEL: '', SHUTDOWN_DRAIN: '' };

function change(product: Product, settings: object): Promise<Answer> {
  return product.api('PATCH', SETTINGS, settings);
}

async function changed(product: Product, settings: object): Promise<void> {
  const { status, text } = await change(product, settings);
  expect([status, text]).toEqual([200, text]);
}

async function setting(product: Product, name: string): Promise<Record<string, unknown>> {
  const { body } = await product.api('GET', SETTINGS);
  return body.settings.find((one: { name: string }) => one.name === name);
}

describe('settings at run time', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, burstSeconds: 6 });
    product = await startProduct({
      engines: [engine],
      env: { ...UNLOCKED, MAX_STREAMS_PER_ENGINE: '', PROXY_INIT_TIMEOUT: '30s' },
    });
    await changed(product, { MAX_STREAMS_PER_ENGINE: 50, PROXY_GRACE_PERIOD: '1s' });
  });

  const open = (id: string, headers: Record<string, string> = {}): Viewer =>
    openViewer(product.url(streamPath(id)), { headers });

  it('applies a change within 100 ms', async () => {
    const times: number[] = [];
    for (const count of [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]) {
      const startedAt = performance.now();
      await changed(product, { MAX_REPLICAS: count });
      times.push(performance.now() - startedAt);
      const { body } = await product.api('GET', '/orchestrator/status');
      expect(body.capacity.max_replicas).toBe(count);
    }
    const median = times.sort((a, b) => a - b)[5]!;
    process.stdout.write(`a change of a setting: median ${median.toFixed(1)} ms\n`);
    expect(median).toBeLessThan(withLag(APPLIED_WITHIN_MS));
  });

  it('publishes which settings changed, without their values', async () => {
    await changed(product, { VPN_CONTROL_API_KEY: 'marker-of-a-secret', VPN_STABLE_AFTER: '77s' });
    const { body } = await product.api('GET', '/events?type=settings_changed&limit=1');
    expect(body[0].details).toEqual({
      names: ['VPN_CONTROL_API_KEY', 'VPN_STABLE_AFTER'],
      actor: 'main key',
    });
    const shown = [
      await product.api('GET', SETTINGS),
      await product.api('GET', `${SETTINGS}/export`),
      await product.api('GET', '/events?limit=1000'),
    ];
    expect(shown.map(({ text }) => text).join('')).not.toContain('marker-of-a-secret');
    expect(product.logText()).not.toContain('marker-of-a-secret');
  });

  it('refuses what is not allowed as a whole, with the reason', async () => {
    const refused = async (body: object): Promise<[number, string]> => {
      const answer = await change(product, { PROXY_MAX_SESSIONS: 77, ...body });
      return [answer.status, answer.body.detail];
    };
    expect(await refused({ NO_SUCH: 1 })).toEqual([400, 'NO_SUCH is no setting.']);
    expect(await refused({ PREFLIGHT_TIMEOUT: '1y' })).toEqual([
      400,
      expect.stringContaining('PREFLIGHT_TIMEOUT="1y" is not valid: allowed is a duration from'),
    ]);
    expect((await refused({ TRUSTED_PROXIES: '0.0.0.0/0' }))[0]).toBe(403);
    expect((await refused({ PROXY_INIT_TIMEOUT: '1s' }))[0]).toBe(409);
    expect((await change(product, [1])).status).toBe(400);
    expect(await setting(product, 'PROXY_MAX_SESSIONS')).toMatchObject({ value: '150' });
    const { status } = await product.api('PATCH', SETTINGS, { PROXY_MAX_SESSIONS: 77 }, {});
    expect(status).toBe(401);
  });

  it('follows changes of LOG_LEVEL', async () => {
    const path = `/never-${newContentId()}`;
    await product.api('GET', path);
    await changed(product, { LOG_LEVEL: 'debug' });
    await product.api('GET', `${path}-later`);
    await eventually(() => product.logText().includes(`${path}-later`), 10_000, 'the debug line');
    expect(product.logText()).not.toContain(`"${path}"`);
    await changed(product, { LOG_LEVEL: null });
  });

  it('follows changes of PUBLIC_URL', async () => {
    await changed(product, { PUBLIC_URL: 'https://tv.example.org/tv/' });
    const { body } = await product.api('GET', '/discover.json', undefined, {});
    expect(body.BaseURL).toBe('https://tv.example.org/tv');
    const { body: document } = await product.api('GET', '/openapi.json', undefined, {});
    expect(document.servers).toMatchObject([{ url: '/tv' }]);
    await changed(product, { PUBLIC_URL: null });
  });

  it('follows changes of PROXY_EARLY_HEADERS_AFTER and PROXY_EARLY_HEADERS_AGENTS', async () => {
    const id = newContentId();
    await engine.setContent(id, { start_delay_ms: 20_000 });
    await changed(product, {
      PROXY_EARLY_HEADERS_AFTER: '100ms',
      PROXY_EARLY_HEADERS_AGENTS: 'OtherPlayer',
    });
    const viewer = open(id, { 'User-Agent': 'OtherPlayer/1' });
    expect((await viewer.head).status).toBe(200);
    expect(viewer.audit.bytes).toBe(0);
    viewer.destroy();
  });

  it('follows changes of HLS_SEGMENT_DURATION for streams without HLS viewers', async () => {
    await changed(product, { HLS_SEGMENT_DURATION: '2s' });
    const playlist = await openHls(product, manifestPath(newContentId()));
    expect(playlist.target).toBe(4);
  });

  it('follows changes of PREFLIGHT_KEEP_FREE and PREFLIGHT_SAMPLE', async () => {
    const check = (): Promise<Answer> =>
      product.api('GET', `/ace/preflight?id=${newContentId()}&tier=deep`, undefined, {});
    await changed(product, { PREFLIGHT_KEEP_FREE: 100, PREFLIGHT_SAMPLE: '1m' });
    expect((await check()).body).toMatchObject({ code: 'no_capacity' });
    await changed(product, { PREFLIGHT_KEEP_FREE: 0, PREFLIGHT_SAMPLE: '100ms' });
    // With the sample of before it would end with PREFLIGHT_TIMEOUT.
    expect((await check()).body).toMatchObject({ playable: true });
  });

  it('follows changes of PROXY_MAX_CLIENTS_PER_STREAM, PROXY_JOIN_BEHIND and PROXY_GRACE_PERIOD', async () => {
    const id = newContentId();
    const first = open(id);
    await first.playing();
    await changed(product, { PROXY_MAX_CLIENTS_PER_STREAM: 1 });
    await expectProblem(open(id), 429, 'client_limit');
    await changed(product, { PROXY_MAX_CLIENTS_PER_STREAM: null, PROXY_GRACE_PERIOD: '1h' });
    await first.receiveMore(2000);
    const joinedBehindMs = async (behind: string): Promise<number> => {
      await changed(product, { PROXY_JOIN_BEHIND: behind });
      const askedAtMs = first.audit.markers.lastBroadcastMs!;
      const viewer = open(id);
      await viewer.playing();
      viewer.destroy();
      return askedAtMs - viewer.audit.markers.firstBroadcastMs!;
    };
    expect(await joinedBehindMs('5s')).toBeGreaterThan(3500);
    expect(await joinedBehindMs('0s')).toBeLessThan(2500);
    first.destroy();
    await eventually(async () => (await product.session(id)).state === 'grace');
    await changed(product, { PROXY_GRACE_PERIOD: 0 });
    await eventually(async () => (await product.session(id)).end_reason === 'no_viewers');
  });

  it('imports its own export, and shows in a dry run what another one would change', async () => {
    const { body: exported } = await product.api('GET', `${SETTINGS}/export`);
    expect(exported.schema_version).toBe(1);
    const unchanged = await product.api('POST', `${SETTINGS}/import`, exported);
    expect(unchanged.body).toEqual({ dry_run: false, changed: [], needs_restart: [] });
    const other = {
      schema_version: 1,
      settings: { ...exported.settings, ENGINE_REACH: 'published' },
    };
    const dry = await product.api('POST', `${SETTINGS}/import?dry_run=true`, other);
    expect(dry.body).toEqual({
      dry_run: true,
      changed: ['ENGINE_REACH'],
      needs_restart: ['ENGINE_REACH'],
    });
    expect((await product.api('GET', `${SETTINGS}/export`)).body).toEqual(exported);
    const settings = { MAX_REPLICAS: '9'.repeat(200_000) };
    const large = await product.api('POST', `${SETTINGS}/import`, { schema_version: 1, settings });
    expect(large.status).toBe(413);
    const newer = await product.api('POST', `${SETTINGS}/import`, { ...other, schema_version: 2 });
    expect(newer.status).toBe(400);
  });
});

it.concurrent(
  'a fleet of simulated engines follows changes of its size, and keeps them over a restart',
  scoped(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'acefleet-settings-'));
    onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
    const env = { ...UNLOCKED, ENGINE_DRIVER: 'simulator' };
    const product = await startProduct({ dataDir, env });
    const engines = async (of: Product): Promise<number> =>
      (await of.api('GET', '/api/v1/engines')).body.length;
    await eventually(async () => (await engines(product)) === 2, 20_000, 'two engines');
    await changed(product, { MIN_REPLICAS: 3, MAX_REPLICAS: 3, AUTOSCALE_INTERVAL: '5m' });
    await eventually(async () => (await engines(product)) === 3, 20_000, 'three engines');
    await changed(product, { ENGINE_REACH: 'container' });
    expect(await setting(product, 'ENGINE_REACH')).toMatchObject({
      value: 'auto',
      is_pending: true,
      pending_value: 'container',
    });
    await product.stop();
    const next = await startProduct({ dataDir, env: { ...env, MAX_REPLICAS: '4' } });
    expect(await setting(next, 'ENGINE_REACH')).toMatchObject({
      value: 'container',
      is_pending: false,
    });
    expect(await setting(next, 'MIN_REPLICAS')).toMatchObject({ value: '3', source: 'api' });
    expect(await setting(next, 'MAX_REPLICAS')).toMatchObject({ value: '4', is_locked: true });
    const { ignored } = (await next.api('GET', SETTINGS)).body;
    expect(ignored).toMatchObject([{ name: 'MAX_REPLICAS', value: '3', reason: 'locked' }]);
    await eventually(async () => (await engines(next)) === 3, 20_000, 'three engines again');
  }),
);
