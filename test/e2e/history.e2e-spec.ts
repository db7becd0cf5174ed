import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
} from './support';

const ENV = {
  PROXY_GRACE_PERIOD: '0s',
  PROXY_RETRY_BASE: '50ms',
  ENGINE_PROBE_INTERVAL: '300ms',
  ENGINE_PROBE_TIMEOUT: '10s',
};

describe('the history', () => {
  it('tells what streams did, also after a restart and a crash, until it is deleted', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'acefleet-e2e-history-'));
    onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
    const engines = await Promise.all(
      ['one', 'two'].map((name) => startSimulator({ name, startDelayMs: 50, burstSeconds: 3 })),
    );
    const start = (): Promise<Product> => startProduct({ engines, dataDir, env: ENV });
    const [played, failed, running, crashed] = Array.from({ length: 4 }, newContentId);
    const streamsOf = async (of: Product, query: string) =>
      (await of.api('GET', `/api/v1/history/streams?${query}`)).body.streams;

    const first = await start();
    // A spreadsheet must not evaluate the name.
    const channel = { name: '=1+1, "News"', sources: [{ id: played }] };
    expect((await first.api('PUT', '/api/v1/channels/news', channel)).status).toBe(201);
    const viewer = openViewer(first.url('/ace/getstream?channel=news'));
    await viewer.playing();
    const { container_id } = (await first.session('channel-news'))!;
    const [lost] = engines.filter(({ engineId }) => engineId === container_id);
    const [left] = engines.filter((engine) => engine !== lost);
    lost!.kill('SIGKILL');
    await eventually(
      async () => (await first.session('channel-news'))?.failovers === 1,
      30_000,
      'a failover',
    );
    expect(await streamsOf(first, 'outcome=running')).toMatchObject([{ channel: 'news' }]);
    viewer.destroy();
    await left!.fault({ kind: 'json_error', content: failed });
    await openViewer(first.url(streamPath(failed!))).head;
    await eventually(
      async () => (await streamsOf(first, 'outcome=ended')).length === 1,
      30_000,
      'the end',
    );

    const [past] = await streamsOf(first, 'channel=news');
    expect(past).toMatchObject({
      stream_id: 'channel-news',
      kind: 'live',
      channel_name: channel.name,
      outcome: 'ended',
      reason: 'no_viewers',
      viewers: 1,
      peak_viewers: 1,
      failovers: 1,
      engines: [lost!.engineId, left!.engineId],
    });
    expect(past.bytes_out).toBeGreaterThan(0);
    expect(past.first_byte_ms).toBeLessThanOrEqual(past.start_ms);
    expect(JSON.stringify(past)).not.toContain('127.0.0.1:');
    const csv = await first.api('GET', '/api/v1/history/streams?format=csv');
    expect(csv.headers['content-disposition']).toBe('attachment; filename="streams.csv"');
    const lines = csv.text.split('\r\n');
    expect([lines.length, lines[0]]).toEqual([4, expect.stringMatching(/^started_at,ended_at,/)]);
    expect(csv.text).toContain(`,news,"'=1+1, ""News""",ended,`);

    const channels = await first.api('GET', '/api/v1/history/channels?sort=failures');
    expect(channels.body.channels).toMatchObject([
      { stream_id: failed, starts: 1, failed: 1, failures: { content_not_found: 1 } },
      { channel: 'news', starts: 1, failed: 0, viewers: 1, failovers: 1 },
    ]);
    const dashboard = (await first.api('GET', '/metrics/dashboard?window_seconds=60')).body;
    expect(dashboard).toMatchObject({
      window_seconds: 60,
      north_star: { system_success_rate_percent: 50, proxy_active_clients: 0 },
      proxy: {
        throughput: { egress_total_bytes: past.bytes_out },
        ttfb: { avg_ms: past.first_byte_ms, p95_ms: past.first_byte_ms },
      },
      engines: { total: 2, used: 0 },
      docker: { restart_total: null },
    });
    const series = await first.api('GET', '/api/v1/history/series?metric=viewers&step=1m');
    expect(series.body.points).toHaveLength(1441);
    expect(series.body.points[0]).toMatchObject({ min: null, mean: null, max: null });
    const tooMany = '/api/v1/history/series?metric=viewers&step=10s&from=2020-01-01T00:00:00Z';
    expect((await first.api('GET', tooMany)).status).toBe(400);
    await openViewer(first.url(streamPath(running!))).playing();
    await first.stop();

    const second = await start();
    await openViewer(second.url(streamPath(crashed!))).playing();
    expect(await streamsOf(second, 'outcome=running')).toMatchObject([{ stream_id: crashed }]);
    second.kill('SIGKILL');
    await second.exit;

    const third = await start();
    expect(await streamsOf(third, '')).toMatchObject([
      { stream_id: crashed, outcome: 'interrupted', viewers: 1 },
      { stream_id: running, outcome: 'ended', reason: 'shutdown', viewers: 1 },
      { stream_id: failed, outcome: 'failed', reason: 'content_not_found', viewers: 0 },
      past,
    ]);
    const page = (await third.api('GET', '/api/v1/history/streams?limit=3')).body;
    expect(await streamsOf(third, `limit=3&cursor=${page.next_cursor}`)).toEqual([past]);

    const body = { name: 'operator', scope: 'operate' };
    const { key } = (await third.api('POST', '/api/v1/keys', body)).body;
    const refused = await third.api('DELETE', '/api/v1/history', undefined, { 'X-API-Key': key });
    expect(refused.status).toBe(403);
    expect((await third.api('DELETE', '/api/v1/history')).status).toBe(200);
    expect(await streamsOf(third, '')).toEqual([]);
  });
});
