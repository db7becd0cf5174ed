import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  onScopeEnd,
  scoped,
  startProduct,
  startSimulator,
} from './support';
import { byId, byInfohash, expectOneSession, expectUntouched } from './support/one-session';
import { expectNothingLeft } from './support/remains';
import { streamsOn } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const GRACE = { PROXY_GRACE_PERIOD: '500ms' };

describe('two names of one content', () => {
  it.concurrent(
    'an engine that passes a content to the second start before it answers: both watch one stream again, and nothing is left behind',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 300 });
      const product = await startProduct({ engines: [engine], env: GRACE });
      const id = newContentId();
      const { infohash } = await engine.content(id);
      await engine.fault({ kind: 'slow_headers', where: 'getstream', content: id, nth: 2, ms: 8 });
      const first = byInfohash(product, infohash);
      await first.playing();
      const second = byId(product, id);
      await second.playing();
      await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
      await expectUntouched([first, second], 4000);
      // Detection by silence would take 15 s.
      expect(first.audit.longestGapMs).toBeLessThan(withLag(10_000));
      await eventually(async () => {
        expect((await engine.state()).sessions).toMatchObject([{ infohash, readers: 1 }]);
        return true;
      });
      first.destroy();
      second.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'id and infohash of one content on two engines: the duplicate is stopped before it is read, and both watch the first',
    scoped(async () => {
      const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
      const product = await startProduct({ engines, env: GRACE });
      const id = newContentId();
      const { infohash } = await engines[0]!.content(id);
      const first = byInfohash(product, infohash);
      await first.playing();
      const { container_id: firstEngine } = await product.session(infohash);
      const other = engines.find(({ engineId }) => engineId !== firstEngine)!;
      const second = byId(product, id);
      await second.playing();
      await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
      await eventually(async () => (await other.counters())['sessions_stopped'] === 1);
      expect(await other.starts(id)).toHaveLength(1);
      expect(await other.journal('/ace/r/')).toEqual([]);
      expect(await other.journal('/content/')).toEqual([]);
      expect(await other.counters()).toMatchObject({
        sessions_open: 0,
        sessions_leaked: 0,
        readers: 0,
      });
      await expectUntouched([first, second], 1500);
      expect(first.audit.markers.jumps).toEqual([]);
      await eventually(async () => (await streamsOn(product, other)).length === 0);
      first.destroy();
      second.destroy();
      await expectNothingLeft(product, engines);
    }),
  );

  it.concurrent.each([1, 2])(
    'id and infohash of one content on two engines: at the same time: one session is left, and both watch it (round %d)',
    scoped(async () => {
      const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
      const product = await startProduct({ engines, env: GRACE });
      const id = newContentId();
      const { infohash } = await engines[0]!.content(id);
      const viewers = [byInfohash(product, infohash), byId(product, id)];
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      await expectOneSession(product, [`id=${id}`, `infohash=${infohash}`], 2);
      await expectUntouched(viewers, 1000);
      await eventually(async () => {
        const states = await Promise.all(engines.map((engine) => engine.state()));
        expect(states.flatMap(({ sessions }) => sessions)).toMatchObject([{ readers: 1 }]);
        return true;
      });
      const opened = await Promise.all(engines.map((engine) => engine.journal('/content/')));
      expect(opened.flat()).toHaveLength(1);
    }),
  );

  it.concurrent(
    'after a restart of the product: the alias is known before any start',
    scoped(async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'acefleet-e2e-data-'));
      onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
      const engine = await startSimulator();
      const before = await startProduct({ engines: [engine], dataDir });
      const id = newContentId();
      const { infohash } = await engine.content(id);
      await byId(before, id).playing();
      await before.stop();
      await engine.clear();
      const after = await startProduct({ engines: [engine], dataDir });
      const viewers = [byInfohash(after, infohash), byId(after, id)];
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      expect(await engine.journal('/ace/getstream')).toHaveLength(1);
      await expectOneSession(after, [`id=${id}`, `infohash=${infohash}`], 2);
    }),
  );
});
