import {
  API_KEY,
  call,
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Viewer,
} from './support';
import { openFiles } from './support/process-facts';
import { openRaw, type RawConnection } from './support/raw-connection';

const OPEN_FILES = 320;
/** The open files that remain for connections. */
const LIMIT = OPEN_FILES - 256;
const BEYOND = 64;

describe('a low limit of open files', () => {
  let product: Product;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({
      engines: [engine],
      openFiles: OPEN_FILES,
      env: { MAX_STREAMS_PER_ENGINE: '20' },
    });
  });

  async function metric(name: string): Promise<number> {
    const { status, text } = await product.api('GET', '/metrics');
    expect(status).toBe(200);
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  }

  async function expectReachable(): Promise<void> {
    expect((await product.api('GET', '/health/live', undefined, {})).status).toBe(200);
    const channel = { name: 'News', sources: [{ id: newContentId() }] };
    const put = await product.api('PUT', '/api/v1/channels/news', channel);
    expect([200, 201]).toContain(put.status);
  }

  function warnings(): string[] {
    const lines = product.logs().map(({ msg = '' }) => msg);
    return lines.filter((line) => line.includes(`the limit of ${LIMIT} connections is reached`));
  }

  it('is logged at the start', async () => {
    const told = (await product.logsSoFar()).filter(({ msg = '' }) => msg.includes('ulimit -n'));
    expect(told).toEqual([
      expect.objectContaining({ msg: expect.stringContaining(`allows ${LIMIT} connections`) }),
    ]);
  });

  it('hundreds of silent connections from one address do not exclude other clients', async () => {
    const silent: RawConnection[] = [];
    for (let count = 0; count < 400; count += 1) {
      const connection = openRaw(product.port);
      if (count % 2 === 0) connection.send('GET /ace/status HTTP/1.1\r\n');
      silent.push(connection);
    }
    const isOpen = ({ endedAfterMs }: RawConnection): boolean => endedAfterMs === null;
    await eventually(() => silent.filter(isOpen).length <= LIMIT + BEYOND);
    await expectReachable();
    const viewer = openViewer(product.url(streamPath(newContentId())));
    await viewer.playing();
    expect(await metric('acefleet_http_connections_limit')).toBe(LIMIT);
    expect(await metric('acefleet_http_connections_closed_idle_total')).toBeGreaterThan(200);
    expect(await metric('acefleet_http_connections_dropped_total')).toBe(0);
    expect(warnings()).toHaveLength(1);
    // Viewers of running streams are not affected.
    await viewer.receiveMore(300);
    expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    for (const connection of silent) connection.destroy();
  });

  it('viewers up to the limit leave descriptors for engines, files and operators', async () => {
    const ids = Array.from({ length: 5 }, newContentId);
    const viewers: Viewer[] = [];
    const watch = (id: string): void => {
      viewers.push(openViewer(product.url(streamPath(id)), { localAddress: '127.0.0.2' }));
    };
    while (viewers.length < LIMIT - 1) watch(ids[viewers.length % 4]!);
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    // The last place is for a content that was never started, because its engine connection needs a descriptor too.
    await eventually(async () => (await metric('acefleet_http_connections_open')) <= LIMIT);
    watch(ids[4]!);
    await viewers.at(-1)!.playing();
    for (const path of [streamPath(newContentId()), `/${streamPath(ids[0]!)}`, '/ace/status']) {
      const refused = openViewer({ port: product.port, path });
      const { retry_after } = await expectProblem(refused, 503, 'too_many_connections');
      expect(retry_after).toBeGreaterThan(0);
      expect((await refused.closed).how).toBe('fin');
    }
    await expectReachable();
    const { status } = await call({
      port: product.port,
      path: '/api/v1/engines',
      headers: { 'X-API-Key': API_KEY },
    });
    expect(status).toBe(200);
    expect(await metric('acefleet_http_connections_refused_total')).toBe(3);
    expect(openFiles(product.pid)).toBeLessThan(OPEN_FILES - BEYOND);
    expect(viewers.map(({ ending }) => ending)).toEqual(viewers.map(() => null));
    // One viewer leaves, and the next one gets its place.
    viewers[0]!.destroy();
    await eventually(async () => (await metric('acefleet_http_connections_open')) <= LIMIT);
    await openViewer(product.url(streamPath(ids[0]!))).playing();
    expect(product.logText()).not.toMatch(/EMFILE|ENFILE/);
  });
});
