import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** A start that finds every slot playing waits this long for a release, and is refused within the second time. */
const RELEASE_WAIT_MS = 1500;
const REFUSED_WITHIN_MS = 2000;
/** Maximum duration of a stop, and duration of the start after it. */
const STOP_MS = 3000;
const START_MS = 2000;
const TV = { 'User-Agent': 'VLC/3.0.20 LibVLC/3.0.20', 'X-Forwarded-For': '192.168.1.20' };

interface Stage {
  readonly engine: Simulator;
  readonly product: Product;
}

/** An engine with one slot. */
async function oneSlot(env: Record<string, string> = {}): Promise<Stage> {
  const engine = await startSimulator({ startDelayMs: 50, bitrateMbps: 1 });
  const product = await startProduct({
    engines: [engine],
    env: { MAX_STREAMS_PER_ENGINE: '1', TRUSTED_PROXIES: '127.0.0.1', ...env },
  });
  return { engine, product };
}

function open(product: Product, id: string, headers: Record<string, string> = TV): Viewer {
  return openViewer(product.url(streamPath(id)), { headers });
}

async function expectRefused(viewer: Viewer): Promise<void> {
  await expectProblem(viewer, 503, 'no_capacity');
  expect(viewer.headAfterMs).toBeGreaterThan(RELEASE_WAIT_MS - 100);
  expect(viewer.headAfterMs).toBeLessThan(withLag(REFUSED_WITHIN_MS));
}

describe('a player that changes the channel while it holds the only slot', () => {
  it.concurrent.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['closed before, in grace', { kind: 'delay', where: 'cmd', ms: 1500 }, {}],
    [
      'closed before, over',
      { kind: 'delay', where: 'cmd', ms: 1500 },
      { PROXY_GRACE_PERIOD: '0s' },
    ],
    [
      'closed before, and the engine never says that it stopped',
      { kind: 'never', where: 'cmd' },
      { PROXY_GRACE_PERIOD: '0s' },
    ],
  ])(
    '%s: the next stream starts as soon as the slot is free',
    scoped(async (_, fault, env) => {
      const { engine, product } = await oneSlot(env);
      await engine.fault(fault as { kind: string });
      const [a, b] = [newContentId(), newContentId()];
      const first = open(product, a);
      await first.playing();
      first.destroy();
      await eventually(async () => (await product.session(a)).client_count === 0);
      const next = open(product, b);
      await eventually(async () => (await product.session(b))?.is_active === true);
      await eventually(async () => (await product.session(a)).state === 'ended');
      // The slot that is being released has an owner already, whose stream may still fail.
      const another = open(product, newContentId(), { 'User-Agent': 'another' });
      await next.playing();
      await expectProblem(another, 503, 'no_capacity');
      expect(next.headAfterMs).toBeLessThan(withLag(STOP_MS + START_MS));
      expect((await engine.starts(b)).length).toBe(1);
      next.destroy();
      await engine.clearFaults();
      await eventually(async () => (await product.sessionCount()) === 0, 15_000);
    }),
  );

  it.concurrent(
    '20 changes in a row, each opened in the tick in which the last one is closed',
    scoped(async () => {
      const { engine, product } = await oneSlot();
      await engine.fault({ kind: 'delay', where: 'cmd', ms: 100 });
      let last = open(product, newContentId());
      await last.playing();
      for (let zap = 0; zap < 20; zap += 1) {
        last.destroy();
        last = open(product, newContentId());
        // Every other channel is left before it has shown anything.
        if (zap % 2 === 0) await last.playing();
      }
      await last.playing();
      last.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'opened before the old one is closed: the start waits for a moment',
    scoped(async () => {
      const { engine, product } = await oneSlot();
      const a = newContentId();
      const first = open(product, a);
      await first.playing();
      const next = open(product, newContentId());
      await eventually(async () => (await product.sessionCount()) === 2);
      await first.receiveMore(500);
      first.destroy();
      await next.playing();
      expect(await product.session(a)).toMatchObject({ end_reason: 'reclaimed' });
      next.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'not closed at all: the start is refused, and the playing stream is unaffected',
    scoped(async () => {
      const { product } = await oneSlot();
      const first = open(product, newContentId());
      await first.playing();
      await expectRefused(open(product, newContentId()));
      await first.receiveMore(500);
      expect(first.audit).toMatchObject({ continuityErrors: 0, misaligned: 0, flagged: 0 });
    }),
  );

  it.concurrent.each<[string, Record<string, string>]>([
    ['another address', { ...TV, 'X-Forwarded-For': '192.168.1.21' }],
    ['another player', { ...TV, 'User-Agent': 'Kodi/20.2' }],
    ['an address with many viewers', { 'User-Agent': TV['User-Agent'] }],
  ])(
    'opened by %s: the start waits for the slot as well',
    scoped(async (_, headers) => {
      const { product } = await oneSlot();
      const first = open(product, newContentId());
      await first.playing();
      const next = open(product, newContentId(), headers);
      await eventually(async () => (await product.sessionCount()) === 2);
      first.destroy();
      await next.playing();
    }),
  );

  it.concurrent(
    'with another viewer on the old one: the start is refused',
    scoped(async () => {
      const { product } = await oneSlot();
      const a = newContentId();
      const first = open(product, a);
      await first.playing();
      const other = open(product, a, { ...TV, 'X-Forwarded-For': '192.168.1.21' });
      await other.playing();
      const next = open(product, newContentId());
      await eventually(async () => (await product.sessionCount()) === 2);
      first.destroy();
      await expectRefused(next);
      await other.receiveMore(500);
    }),
  );
});

describe('a start that waits for a slot of a stream without media', () => {
  it.concurrent(
    'gets the slot when that stream fails, and is refused when it plays',
    scoped(async () => {
      const { engine, product } = await oneSlot();
      const [gone, living] = [newContentId(), newContentId()];
      await engine.fault({ kind: 'json_error', content: gone });
      await engine.fault({ kind: 'delay', ms: 1000, content: gone });
      await engine.setContent(living, { start_delay_ms: 1500 });
      const first = open(product, gone);
      await eventually(async () => (await product.session(gone))?.is_active === true);
      const second = open(product, living, { 'User-Agent': 'second' });
      await eventually(async () => (await product.session(living))?.is_active === true);
      const third = open(product, newContentId(), { 'User-Agent': 'third' });
      expect(await first.status()).toBe(404);
      await second.playing();
      await expectProblem(third, 503, 'no_capacity');
      expect(third.headAfterMs).toBeGreaterThan(1500);
      expect(third.headAfterMs).toBeLessThan(withLag(second.headAfterMs! + 1000));
    }),
  );

  it.concurrent(
    'gets the slot as soon as the viewer of that stream leaves',
    scoped(async () => {
      const { engine, product } = await oneSlot();
      const dead = newContentId();
      await engine.fault({ kind: 'no_data', content: dead });
      const first = open(product, dead);
      await eventually(async () => (await engine.starts(dead)).length === 1);
      const id = newContentId();
      const next = open(product, id, { 'User-Agent': 'next' });
      await eventually(async () => (await product.session(id))?.is_active === true);
      first.destroy();
      await next.playing();
      expect(next.headAfterMs).toBeLessThan(withLag(5000));
      next.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );
});
