import {
  call,
  eventually,
  newContentId,
  openFarHost,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  whyNoFarHost,
  type Product,
  type Simulator,
} from './support';
import {
  documentedConfiguration,
  startFrontProxy,
  type FrontProxyName,
} from './support/front-proxy';
import { loadPlaylist, loadSegment, manifestPath } from './support/hls';
import { whyNoPrograms } from './support/programs';

/** How long a start may take with default settings: the wait for an engine, then for media. */
const LONGEST_START_S = 120;
/** Duration of the simulated start. */
const SLOW_START_MS = 2500;
const FORGED = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Host': 'evil.example' };

describe('behind a reverse proxy with the documented configuration', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({
      engines: [engine],
      env: {
        HOST: '127.0.0.1',
        TRUSTED_PROXIES: '127.0.0.1',
        PROXY_MAX_CLIENTS_PER_IP: '1',
        MAX_STREAMS_PER_ENGINE: '20',
      },
    });
  });

  async function addressesOf(id: string): Promise<string[]> {
    const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    return (body.clients as { ip_address: string }[]).map((one) => one.ip_address).sort();
  }

  const whyNoNginx = whyNoPrograms('nginx');
  (whyNoNginx === null ? it : it.skip)(
    `nginx passes the reset of a failed stream on to a player ${whyNoNginx ?? ''}`,
    async () => {
      const { port } = await startFrontProxy(
        'nginx',
        documentedConfiguration('nginx'),
        product.port,
      );
      const id = newContentId();
      const viewer = openViewer({ port, path: streamPath(id) });
      await viewer.playing();
      await product.api('DELETE', `/streams/${id}`);
      await viewer.closed;
      expect(viewer.isWhole).toBe(false);
    },
  );

  describe.each<[FrontProxyName, RegExp | null]>([
    ['nginx', /proxy_read_timeout (\d+)s/],
    ['haproxy', /timeout server (\d+)s/],
    // It has no time limit.
    ['caddy', null],
  ])('%s', (name, timeout) => {
    const why = whyNoPrograms(name);
    const test = why === null ? it : it.skip;
    const configuration = documentedConfiguration(name);
    let port: number;

    beforeAll(async () => {
      if (why === null) ({ port } = await startFrontProxy(name, configuration, product.port));
    });

    test(`plays MPEG-TS and HLS at the proxy's address ${why ?? ''}`, async () => {
      const id = newContentId();
      const host = `localhost:${port}`;
      const headers = { Host: host, ...FORGED };
      const { body } = await call({ port, path: streamPath(id, '&format=json'), headers });
      const playback = new URL(body.response.playback_url);
      expect({ protocol: playback.protocol, host: playback.host }).toEqual({
        protocol: 'http:',
        host,
      });
      const viewer = openViewer({ port, path: playback.pathname }, { headers });
      await viewer.playing();
      await viewer.receiveMore(500);
      expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
      const base = `http://127.0.0.1:${port}`;
      const playlist = await eventually(() => loadPlaylist(`${base}${manifestPath(id)}`), 40_000);
      expect(playlist.url.startsWith(base)).toBe(true);
      await loadSegment(playlist.segments[0]!);
      expect(await engine.starts(id)).toHaveLength(1);
    });

    test(`sees the viewer's address, whatever headers the viewer sends ${why ?? ''}`, async () => {
      const id = newContentId();
      const viewers = [{}, FORGED].map((headers, n) =>
        openViewer({ port, path: streamPath(id) }, { headers, localAddress: `127.0.1.${n + 1}` }),
      );
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      expect(await addressesOf(id)).toEqual(['127.0.1.1', '127.0.1.2']);
      viewers[0]!.destroy();
      await eventually(async () => (await addressesOf(id)).length === 1);
    });

    const whyNot = why ?? whyNoFarHost();
    (whyNot === null ? it : it.skip)(
      `counts the viewer's address, not the proxy's ${whyNot ?? ''}`,
      async () => {
        const far = openFarHost();
        const id = newContentId();
        const quiet = ['-sN', '-o', '/dev/null', '-w', '%{http_code}'];
        const address = `http://${far.hostAddress}:${port}${streamPath(id)}`;
        const watching = far.run('curl', [...quiet, address]);
        await eventually(async () => (await addressesOf(id)).length === 1);
        const forged = Object.entries(FORGED).flatMap(([key, value]) => ['-H', `${key}: ${value}`]);
        for (const extra of [[], forged]) {
          const refused = far.run('curl', [...quiet, ...extra, address]);
          await refused.exit;
          expect(refused.lines.at(-1)).toBe('429');
        }
        await openViewer({ port, path: streamPath(id) }).playing();
        // HAProxy goes on sending after a client's FIN until that host answers with a reset. Without this wait the
        // host could be gone by then, and the next proxy's host, at the same address, would be one viewer too many.
        await watching.end('SIGKILL', 5000);
        await eventually(async () => (await addressesOf(id)).join() === '127.0.0.1');
      },
    );

    test(`waits for a slow start ${why ?? ''}`, async () => {
      const slow = async (at: number): Promise<number> => {
        const id = newContentId();
        await engine.setContent(id, { start_delay_ms: SLOW_START_MS });
        return openViewer({ port: at, path: streamPath(id) }).status();
      };
      if (timeout === null) {
        expect(configuration).not.toMatch(/timeout/);
        expect(await slow(port)).toBe(200);
        return;
      }
      const [setting = '', seconds] = timeout.exec(configuration) ?? [];
      expect(Number(seconds)).toBeGreaterThan(LONGEST_START_S);
      // Proves that this setting decides: with a smaller value a start that is less slow fails.
      const short = configuration.replace(setting, setting.replace(`${seconds}s`, '1s'));
      const { port: hasty } = await startFrontProxy(name, short, product.port);
      expect(await Promise.all([slow(port), slow(hasty)])).toEqual([200, 504]);
    });
  });
});
