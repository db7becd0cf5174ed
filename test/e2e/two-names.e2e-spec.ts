import {
  eventually,
  newContentId,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
} from './support';
import { byId, byInfohash, expectOneSession, expectUntouched } from './support/one-session';
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const GRACE = { PROXY_GRACE_PERIOD: '500ms' };
/** A frozen viewer would get no media for PROXY_STALL_TIMEOUT, 15 s. */
const FROZEN_MS = 10_000;

describe('id and infohash of one content on one engine', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 300 });
    product = await startProduct({ engines: [engine], env: GRACE });
  });

  beforeEach(async () => {
    await expectNothingLeft(product, [engine]);
    await engine.clear();
  });

  it.each([1, 2])('at the same time: one session, no viewer is frozen (round %d)', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const viewers = [byId(product, id), byInfohash(product, infohash)];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
    await expectUntouched(viewers);
    for (const { audit } of viewers) expect(audit.longestGapMs).toBeLessThan(withLag(FROZEN_MS));
    const { sessions } = await engine.state();
    expect(sessions).toMatchObject([{ infohash, readers: 1 }]);
    // A stop would have frozen the reader of the same content.
    expect(await engine.journal(`/ace/cmd/${infohash}`)).toEqual([]);
  });

  it('a start that is slower than the other: its answer merges it into the playing stream', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    await engine.fault({ kind: 'delay', content: id, nth: 2, ms: 1000 });
    const first = byInfohash(product, infohash);
    await eventually(async () => (await engine.starts(infohash)).length === 1);
    const second = byId(product, id);
    await first.playing();
    await second.playing();
    await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
    await expectUntouched([first, second], 4000);
    expect(first.audit.longestGapMs).toBeLessThan(withLag(FROZEN_MS));
    expect(await engine.journal(`/ace/cmd/${infohash}`)).toEqual([]);
    expect((await engine.state()).sessions).toMatchObject([{ infohash, readers: 1 }]);
  });

  it('the alias is remembered: after the end of both, the infohash leads to the id at once', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const first = byId(product, id);
    await first.playing();
    first.destroy();
    await expectNothingLeft(product, [engine]);
    await engine.clear();
    const viewers = [byInfohash(product, infohash), byId(product, id)];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await engine.journal('/ace/getstream')).toHaveLength(1);
    await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
  });

  it('an infohash that is passed as an id plays in the stream of the content', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const mistaken = byId(product, infohash);
    await mistaken.playing();
    const right = byInfohash(product, infohash);
    await right.playing();
    const starts = (await engine.journal('/ace/getstream')).map(
      ({ url }) => /(\w+)=[0-9a-f]{40}/.exec(url)?.[1],
    );
    expect(starts).toEqual(['id', 'infohash']);
    await expectOneSession(product, [`id=${infohash}`, `infohash=${infohash}`], 2);
    await expectUntouched([mistaken, right], 1000);
  });
});
