import {
  eventually,
  expectProblem,
  newContentId,
  openFarHost,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  whyNoFarHost,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** A wait for an engine or for media would take 60 s. */
const AT_ONCE_MS = 15_000;

describe('limits of viewers', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 300 });
  });

  function open(product: Product, id: string, headers: Record<string, string> = {}): Viewer {
    return openViewer(product.url(streamPath(id)), { headers });
  }

  async function expectRefused(viewer: Viewer): Promise<void> {
    const problem = await expectProblem(viewer, 429, 'client_limit');
    expect(problem.retry_after).toBeGreaterThan(0);
    expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
  }

  async function clients(product: Product): Promise<number> {
    return (await product.api('GET', '/proxy/status')).body.total_clients;
  }

  it('per stream: waiting viewers count, viewers of other streams do not', async () => {
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_MAX_CLIENTS_PER_STREAM: '2' },
    });
    const id = newContentId();
    const viewers = [open(product, id), open(product, id)];
    await eventually(async () => (await clients(product)) === 2);
    await expectRefused(open(product, id));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await expectRefused(open(product, id));
    await open(product, newContentId()).playing();
    viewers[0]!.destroy();
    await eventually(async () => (await clients(product)) === 2);
    await open(product, id).playing();
    await expectRefused(open(product, id));
    expect(viewers[1]!.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
  });

  it('in total: a refused viewer starts nothing', async () => {
    const product = await startProduct({ engines: [engine], env: { PROXY_MAX_CLIENTS: '3' } });
    const ids = [newContentId(), newContentId()];
    const viewers = [ids[0]!, ids[0]!, ids[1]!].map((id) => open(product, id));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await expectRefused(open(product, ids[0]!));
    const cold = newContentId();
    await expectRefused(open(product, cold));
    expect(await engine.starts(cold)).toEqual([]);
    expect(await product.session(cold)).toBeUndefined();
    viewers[2]!.reset();
    await eventually(async () => (await clients(product)) === 2);
    await open(product, cold).playing();
  });

  it('per address: loopback is exempt', async () => {
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_MAX_CLIENTS_PER_IP: '1' },
    });
    const id = newContentId();
    const viewers = ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2'].map((localAddress) =>
      openViewer(product.url(streamPath(id)), { localAddress }),
    );
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    // The header of an untrusted client is ignored, so these are loopback addresses.
    await open(product, id, { 'X-Forwarded-For': '203.0.113.7' }).playing();
    await open(product, id, { 'X-Forwarded-For': '203.0.113.7' }).playing();
    const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    const addresses = (body.clients as { ip_address: string }[]).map((one) => one.ip_address);
    expect(addresses.sort()).toEqual([
      ...Array<string>(4).fill('127.0.0.1'),
      '127.0.0.2',
      '127.0.0.2',
    ]);
  });

  it('per address: a trusted proxy is exempt, and the reported viewer is counted', async () => {
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_MAX_CLIENTS_PER_IP: '2', TRUSTED_PROXIES: '127.0.0.0/8' },
    });
    const id = newContentId();
    const from = (address: string): Viewer => open(product, id, { 'X-Forwarded-For': address });
    const viewers = [from('203.0.113.7'), from('203.0.113.7'), from('2001:db8::7')];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await expectRefused(from('203.0.113.7'));
    // Addresses that the client itself sends before the proxy's have no effect.
    await expectRefused(from('198.51.100.1, 203.0.113.7'));
    await from('2001:db8::7').playing();
    await expectRefused(from('2001:db8::7'));
    await Promise.all([1, 2, 3].map(() => open(product, id).playing()));
    viewers[0]!.destroy();
    await eventually(async () => {
      const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
      const same = (body.clients as { ip_address: string }[]).filter(
        (one) => one.ip_address === '203.0.113.7',
      );
      return same.length === 1;
    });
    await from('203.0.113.7').playing();
  });

  describe('by bandwidth', () => {
    let product: Product;

    beforeAll(async () => {
      product = await startProduct({
        engines: [engine],
        env: { MAX_EGRESS_BPS: '5M', PROXY_MAX_STREAM_BPS: '3M', PROXY_GRACE_PERIOD: '0s' },
      });
    });

    async function content(bitrateMbps: number): Promise<string> {
      const id = newContentId();
      // Enough media at the start to measure the bit rate at once.
      await engine.setContent(id, { bitrate_mbps: bitrateMbps, burst_seconds: 5 });
      return id;
    }

    const egress = async (): Promise<number> =>
      (await product.api('GET', '/proxy/status')).body.egress_bps;

    it('in total: a viewer who would exceed it is told so, and present viewers continue', async () => {
      const id = await content(2);
      const playlist = `/ace/manifest.m3u8?id=${id}`;
      const watching = [open(product, id), open(product, id)];
      await Promise.all(watching.map((viewer) => viewer.playing()));
      await eventually(async () => (await egress()) > 3_000_000);
      const refused = [
        open(product, id),
        openViewer(product.url(playlist)),
        openViewer(product.url(streamPath(await content(2)))),
      ];
      for (const one of refused) {
        const problem = await expectProblem(one, 503, 'egress_limit');
        expect(problem.detail).toMatch(
          /^Viewers take [34](\.\d+)? Mbit\/s of 5 Mbit\/s, and one more needs /,
        );
        expect(problem.retry_after).toBe(10);
      }
      expect(await egress()).toBeLessThanOrEqual(5_000_000);
      const { text } = await product.api('GET', '/metrics');
      expect(text).toMatch(/^acefleet_http_problems_total\{code="egress_limit"\} 3$/m);
      expect(text).toMatch(/^acefleet_egress_limit_bytes_per_second 625000$/m);
      watching[0]!.destroy();
      await eventually(async () => (await egress()) < 3_000_000);
      await open(product, id).playing();
      expect(watching[1]!.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
      expect(watching[1]!.ending).toBeNull();
    });

    it('per viewer: a stream above it gets no further viewers once it is measured', async () => {
      const id = await content(4);
      const first = open(product, id);
      await first.playing();
      await eventually(async () => ((await product.session(id))?.bitrate_bps ?? 0) > 3_000_000);
      for (const path of [streamPath(id), `/ace/manifest.m3u8?id=${id}`]) {
        const { detail } = await expectProblem(openViewer(product.url(path)), 503, 'bitrate_limit');
        expect(detail).toMatch(
          /^The stream has [34](\.\d+)? Mbit\/s; viewers get at most 3 Mbit\/s\.$/,
        );
      }
      await first.receiveMore(1000);
      expect(first.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
    });
  });

  const why = whyNoFarHost();
  (why === null ? it : it.skip)(`per address: another host is counted ${why ?? ''}`, async () => {
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_MAX_CLIENTS_PER_IP: '2' },
    });
    const far = openFarHost();
    const id = newContentId();
    const address = `http://${far.hostAddress}:${product.port}${streamPath(id)}`;
    const quiet = ['-sN', '-o', '/dev/null', '-w', '%{http_code}'];
    const watching = [far.run('curl', [...quiet, address]), far.run('curl', [...quiet, address])];
    await eventually(async () => (await clients(product)) === 2);
    const forged = ['-H', 'X-Forwarded-For: 203.0.113.9', '-H', 'Forwarded: for=203.0.113.9'];
    for (const extra of [[], forged]) {
      const refused = far.run('curl', [...quiet, ...extra, address]);
      await refused.exit;
      expect(refused.lines.at(-1)).toBe('429');
    }
    // Only that one address has reached its limit.
    await open(product, id).playing();
    expect(watching.map(({ ended }) => ended)).toEqual([null, null]);
    await watching[0]!.end('SIGKILL', 5000);
    await eventually(async () => (await clients(product)) === 2);
    far.run('curl', [...quiet, address]);
    await eventually(async () => (await clients(product)) === 3);
  });
});
