import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  eventually,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { keepConnectJournal, openCanary, type Canary, type ConnectJournal } from './support/canary';
import { openRaw } from './support/raw-connection';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** An attempt to connect to an unreachable host would take longer. */
const CONNECTING_MS = 40_000;
const AT_ONCE_MS = 20_000;

const SETTINGS = {
  PROXY_GRACE_PERIOD: '0s',
  PROXY_CONNECTION_TIMEOUT: `${CONNECTING_MS}ms`,
  PROXY_RETRY_BASE: '50ms',
  MAX_STREAMS_PER_ENGINE: '50',
};

/** Ways to name another machine, or this one. `P` is the canary's port. */
const FOREIGN_HOSTS = [
  '127.0.0.1:P',
  'localhost:P',
  '[::1]:P',
  '[::ffff:127.0.0.1]:P',
  '[::ffff:7f00:1]:P',
  '2130706433:P',
  '0x7f000001:P',
  '0177.0.0.1:P',
  '127.1:P',
  '0:P',
  '169.254.169.254',
  '[fe80::1]:P',
  'metadata.google.internal',
  'engine.invalid:6878',
];

/** Addresses that cannot be used even in part. `P` is the canary's port. */
const HOPELESS = [
  'file:///etc/passwd',
  'gopher://127.0.0.1:P/ace/r/a/b',
  'ftp://127.0.0.1:P/ace/r/a/b',
  'https://127.0.0.1:P/ace/r/a/b',
  'data:video/mp2t,canary',
  'unix:/var/run/docker.sock:/ace/r/a/b',
  'http://user@127.0.0.1:P/ace/r/a/b',
  'http://user:secret@127.0.0.1:P/ace/r/a/b',
  'http://engine.invalid@127.0.0.1:P/ace/r/a/b',
  'http://127.0.0.1:P/latest/meta-data/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[::ffff:169.254.169.254]/latest/',
  'http://2852039166/latest/meta-data/',
  '//127.0.0.1:P/latest',
  '/\\127.0.0.1:P/ace/r/a/b',
  'http:\\\\127.0.0.1:P\\ace\\r',
  'http://127.0.0.1:P/ace/../latest/',
  'http://127.0.0.1:P/ace/%2e%2e/latest/',
  'http://127.0.0.1:P/ace%2f..%2flatest',
  'http://127.0.0.1:P/acex/r/a/b',
  'http://127.0.0.1:P',
  '',
  'http://',
  'http://[::1',
];

describe('an engine whose answers point to other hosts', () => {
  let canary: Canary;
  let connects: ConnectJournal;
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    canary = await openCanary();
    connects = keepConnectJournal();
    engine = await startSimulator({
      startDelayMs: 0,
      bitrateMbps: 1,
      args: ['--idle-timeout', '2000'],
    });
    product = await startProduct({ engines: [engine], env: { ...SETTINGS, ...connects.env } });
  });

  afterEach(async () => {
    await engine.clearFaults();
    expect(canary.visits()).toBe(0);
    expect(connects.destinations()).toEqual([engine.address]);
  });

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  function toCanary(address: string): string {
    return address.replace(':P', `:${canary.port}`);
  }

  async function expectAllFail(faults: readonly Record<string, unknown>[]): Promise<void> {
    await Promise.all(
      faults.map(async (fault) => {
        const id = newContentId();
        await engine.fault({ kind: 'url_override', content: id, ...fault });
        const viewer = open(id);
        await expectProblem(viewer, 502, 'engine_failed');
        expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
      }),
    );
  }

  it("a foreign host with an allowed path is replaced by the engine's, and the stream plays", async () => {
    await Promise.all(
      FOREIGN_HOSTS.map(async (host) => {
        const id = newContentId();
        await engine.fault({
          kind: 'foreign_host',
          content: id,
          host: toCanary(host),
          where: 'any',
        });
        const viewer = open(id);
        await viewer.playing();
        // Also if its path to the media redirects, and for the stop.
        const { infohash } = await engine.content(id);
        expect(await engine.journal(`/ace/r/${infohash}`)).not.toHaveLength(0);
        viewer.destroy();
        await eventually(async () =>
          (await engine.journal(`/ace/cmd/${infohash}`)).some(({ url }) => url.endsWith('=stop')),
        );
      }),
    );
  });

  it('a playback_url without a usable path leads to 502 at once', async () => {
    await expectAllFail(HOPELESS.map((url) => ({ playback_url: toCanary(url) })));
    const long = `http://127.0.0.1:${canary.port}/ace/${'x'.repeat(5000)}`;
    const broken = `http://127.0.0.1:${canary.port}/ace/r/a/b\r\nHost: evil`;
    await expectAllFail([long, broken].map((url) => ({ playback_url: url })));
  });

  it('a redirect without a usable path leads to 502 at once', async () => {
    const targets = HOPELESS.filter((url) => url !== '');
    await expectAllFail(targets.map((url) => ({ kind: 'redirect', location: toCanary(url) })));
  });

  it('a stat_url or command_url without a usable path leads to 502 at once', async () => {
    const targets = HOPELESS.filter((url) => url !== '').map(toCanary);
    await expectAllFail(targets.map((url) => ({ stat_url: url })));
    await expectAllFail(targets.map((url) => ({ command_url: url })));
  });

  it('an event_url is never requested, and the stream plays', async () => {
    const id = newContentId();
    const event_url = `http://127.0.0.1:${canary.port}/ace/event/a/b`;
    await engine.fault({ kind: 'url_override', content: id, event_url });
    const viewer = open(id);
    await viewer.playing();
    expect(await engine.journal('/ace/event')).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    // A session whose answer hid its command address is dropped by the engine itself.
    await eventually(async () => (await engine.counters())['sessions_open'] === 0);
    await eventually(async () => (await product.sessionCount()) === 0);
  });
});

describe('a chain of redirects', () => {
  /** An engine whose start leads to /ace/r/0, and whose other answers come from the test. */
  async function startEngine(answer: RequestListener): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { url = '' } = request;
      if (url.includes('method=get_version')) {
        response.end('{"result":{"version":"3.2.3"},"error":null}');
      } else if (url.includes('method=get_network')) {
        response.end('{"result":{"connected":true},"error":null}');
      } else if (url.startsWith('/ace/getstream')) {
        response.end(
          `{"response":{"playback_url":"http://127.0.0.1:${port}/ace/r/0","is_live":1,` +
            `"stat_url":"/ace/stat/0","command_url":"/ace/cmd/0"},"error":null}`,
        );
      } else {
        asked.push(url);
        answer(request, response);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    onScopeEnd(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port, asked };
  }

  it('is followed on the engine only, up to five times, and never to another host', async () => {
    const canary = await openCanary();
    const connects = keepConnectJournal();
    const hosts = [`127.0.0.1`, 'localhost', '[::1]', '[::ffff:7f00:1]', '2130706433', '127.1'];
    const { port, asked } = await startEngine(({ url = '' }, response) => {
      const hop = Number(/\d+$/.exec(url)?.[0]);
      const host = `${hosts[hop % hosts.length]}:${canary.port}`;
      const path = url.startsWith('/ace/cmd') ? '/ace/cmd/1' : `/ace/r/${hop + 1}`;
      response.writeHead(302, { Location: `http://${host}${path}` });
      response.end();
    });
    const product = await startProduct({
      env: {
        ENGINE_DRIVER: 'static',
        ENGINE_ADDRESSES: `127.0.0.1:${port}`,
        ...SETTINGS,
        ...connects.env,
      },
    });
    const viewer = openViewer(product.url(streamPath(newContentId())));
    await expectProblem(viewer, 502, 'engine_failed');
    expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    const hops = asked.filter((url) => url.startsWith('/ace/r/'));
    expect([...new Set(hops)]).toEqual([0, 1, 2, 3, 4, 5].map((hop) => `/ace/r/${hop}`));
    // A stop whose answer redirects has ended; the redirect is not followed.
    await eventually(() => asked.includes('/ace/cmd/0?method=stop'));
    expect(asked).not.toContain('/ace/cmd/1');
    expect(canary.visits()).toBe(0);
    expect(connects.destinations()).toEqual([`127.0.0.1:${port}`]);
    // Proves that the canary records connections.
    await openRaw(canary.port).closed;
    expect(canary.visits()).toBe(1);
  });
});
