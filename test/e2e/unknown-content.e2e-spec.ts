import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { eventsOf } from './support/session-facts';

const DEMO = '7e57ca4d00000000000000000000000000000001';
/** Longer than the delays of a busy machine, and short enough to wait for. */
const TTL_MS = 8000;

describe('a content that does not exist', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({
      anyContent: false,
      args: ['--unknown-id-delay', '300', '--unknown-infohash-delay', '300'],
    });
    product = await startProduct({
      engines: [engine],
      env: { NEGATIVE_CACHE_TTL: `${TTL_MS}ms` },
    });
  });

  function open(path: string, headers: Readonly<Record<string, string>> = {}): Viewer {
    return openViewer(product.url(path), { headers });
  }

  it.each(['id', 'content_id', 'infohash'])(
    'is 404 as JSON before any 200, for %s',
    async (name) => {
      const path = `/ace/getstream?${name}=${newContentId()}`;
      await expectProblem(open(path), 404, 'content_not_found');
      expect(await product.sessionCount()).toBe(0);
    },
  );

  it('is 404 also for players that get their headers early', async () => {
    const viewer = open(streamPath(newContentId()), { 'User-Agent': 'TiviMate/5.0' });
    await expectProblem(viewer, 404, 'content_not_found');
  });

  it('is 404 for a program that asks as for an engine', async () => {
    const viewer = open(streamPath(newContentId(), '&format=json'));
    await expectProblem(viewer, 404, 'content_not_found');
  });

  it('is requested once for all waiting viewers, and all get the same answer at once', async () => {
    const id = newContentId();
    // Long enough for all to join.
    await engine.fault({ kind: 'delay', content: id, ms: 3000, times: 1 });
    const viewers = Array.from({ length: 20 }, () => open(streamPath(id)));
    const problems = await Promise.all(
      viewers.map((viewer) => expectProblem(viewer, 404, 'content_not_found')),
    );
    expect(new Set(problems.map(({ detail }) => detail)).size).toBe(1);
    expect(new Set(problems.map((problem) => problem.request_id)).size).toBe(20);
    // Events of one stream, which failed once for all of them.
    for (const type of ['stream_requested', 'stream_failed']) {
      expect(await eventsOf(product, type, id)).toHaveLength(1);
    }
    // The same digits may be an infohash, so the other form is tried once.
    const starts = (await engine.starts(id)).map(({ url }) => /(id|infohash)=/.exec(url)?.[1]);
    expect(starts).toEqual(['id', 'infohash']);
  });

  it('is answered from memory for a while, then requested again', async () => {
    const id = newContentId();
    await expectProblem(open(streamPath(id)), 404, 'content_not_found');
    const asked = (await engine.starts(id)).length;
    await expectProblem(open(streamPath(id)), 404, 'content_not_found');
    expect(await engine.starts(id)).toHaveLength(asked);
    await eventually(async () => {
      await expectProblem(open(streamPath(id)), 404, 'content_not_found');
      return (await engine.starts(id)).length > asked;
    }, TTL_MS + 20_000);
  });

  it('does not affect a content that exists', async () => {
    const viewer = open(streamPath(DEMO));
    await viewer.playing();
    const other = open(`/ace/getstream?infohash=${DEMO}`);
    // The digits of a content id are not an infohash, but the other form is tried and leads to the same content.
    expect(await other.status()).toBe(200);
    await viewer.receiveMore(1000);
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
  });

  it('logs in one line why it failed, with the ids', async () => {
    const id = newContentId();
    const problem = await expectProblem(open(streamPath(id)), 404, 'content_not_found');
    const lines = (await product.logsSoFar()).filter((line) => JSON.stringify(line).includes(id));
    const failures = lines.filter(({ level }) => typeof level === 'number' && level >= 40);
    expect(failures).toHaveLength(1);
    expect(problem.request_id).toMatch(/^\S+$/);
  });
});
