import {
  API_KEY,
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
} from './support';
import { openFiles } from './support/process-facts';
import { openRaw, problemOf, type RawConnection } from './support/raw-connection';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/**
 * 10 s for the head and 20 s for the whole request, checked every 2 s, and tolerance for a busy machine. Without these
 * limits the connections would stay open.
 */
const HEADERS_WITHIN_MS = 22_000;
const BODY_WITHIN_MS = 32_000;
const SLACK_MS = 1000;
const DRIP_EVERY_MS = 500;
/** Connections that affect viewers would do so for as long as they are open. */
const MAX_GAP_MS = 8000;

describe('clients that never finish their request', () => {
  /** Opens connections that send `head` and then `drop` repeatedly, for as long as they are open. */
  function openSlow(port: number, count: number, head: string, drop: string): RawConnection[] {
    const connections = Array.from({ length: count }, () => {
      const connection = openRaw(port);
      if (head !== '') connection.send(head);
      return connection;
    });
    const drip = setInterval(() => {
      if (drop !== '') for (const connection of connections) connection.send(drop);
    }, DRIP_EVERY_MS);
    onScopeEnd(() => clearInterval(drip));
    return connections;
  }

  async function expectEnded(
    connections: readonly RawConnection[],
    withinMs: number,
  ): Promise<number> {
    await eventually(
      () => connections.every(({ endedAfterMs }) => endedAfterMs !== null),
      withinMs + SLACK_MS,
      `${connections.length} slow connections are closed`,
    );
    return Math.max(...connections.map(({ endedAfterMs }) => endedAfterMs ?? Infinity));
  }

  it('are closed, 500 of them, without an effect on viewers', async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 2 });
    const product = await startProduct({ engines: [engine] });
    const viewer = openViewer(product.url(streamPath(newContentId())));
    await viewer.playing();
    const before = openFiles(product.pid);

    const { port } = product;
    const start = 'GET /ace/status HTTP/1.1\r\nHost: a\r\n';
    const slowHeaders = [
      openSlow(port, 200, start, 'X-A: b\r\n'),
      openSlow(port, 50, start + 'X-A: ', 'b'),
      openSlow(port, 50, 'G', ''),
      openSlow(port, 50, '', ''),
    ];
    const post = (fields: string): string =>
      `POST /engines/${engine.engineId}/drain HTTP/1.1\r\nHost: a\r\n${fields}` +
      'Content-Type: application/json\r\n';
    const key = `X-API-Key: ${API_KEY}\r\n`;
    const slowBodies = [
      openSlow(port, 50, `${post(key)}Content-Length: 9999\r\n\r\n{`, ' '),
      openSlow(port, 50, `${post('')}Content-Length: 9999\r\n\r\n{`, ' '),
      openSlow(port, 50, `${post(key)}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
    ];
    await eventually(() => openFiles(product.pid) >= before + 500, 20_000);

    // Meanwhile other requests work.
    const late = openViewer(product.url(streamPath(newContentId())));
    await late.playing();
    expect((await product.api('GET', '/engines')).status).toBe(200);

    const headersMs = await expectEnded(slowHeaders.flat(), HEADERS_WITHIN_MS);
    expect(headersMs).toBeLessThan(withLag(HEADERS_WITHIN_MS));
    const bodiesMs = await expectEnded(slowBodies.flat(), BODY_WITHIN_MS);
    expect(bodiesMs).toBeLessThan(withLag(BODY_WITHIN_MS));

    // Connections that have sent anything get the reason.
    for (const connection of [...slowHeaders.slice(0, 3), ...slowBodies].flat()) {
      const [answer, ...more] = connection.answers();
      expect(more).toEqual([]);
      expect(problemOf(answer!, answer!.head.status).code).toMatch(
        /^(?:request_timeout|unauthorized)$/,
      );
    }
    for (const { audit, ending } of [viewer, late]) {
      expect(ending).toBeNull();
      expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
      expect(audit.longestGapMs).toBeLessThan(withLag(MAX_GAP_MS));
    }
    await eventually(() => openFiles(product.pid) <= before + 5, 20_000);
  });
});
