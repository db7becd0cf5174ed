import { readdirSync } from 'node:fs';
import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { engineIsFree, heldBytes, metric } from './support/session-facts';

const ZAPS = 100;
const SLACK_DESCRIPTORS = 3;

/** Number of open descriptors of a process, including sockets. */
function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe('a viewer that zaps 100 times', () => {
  let engines: Simulator[];
  let product: Product;

  beforeEach(async () => {
    engines = await Promise.all(
      ['one', 'two'].map((name) => startSimulator({ name, bitrateMbps: 1, startDelayMs: 50 })),
    );
    product = await startProduct({
      engines,
      env: {
        MAX_STREAMS_PER_ENGINE: '10',
        PROXY_GRACE_PERIOD: '200ms',
        ENGINE_PROBE_INTERVAL: '1s',
      },
    });
  });

  async function total(counter: string): Promise<number> {
    const counters = await Promise.all(engines.map((engine) => engine.counters()));
    return counters.reduce((sum, one) => sum + one[counter]!, 0);
  }

  /** Asserts that no stream, socket, slot or memory is left, and that every engine session was stopped. */
  async function expectNothingLeft(descriptors: number): Promise<void> {
    for (const engine of engines) await engineIsFree(product, engine, 20_000);
    await eventually(async () => (await product.sessionCount()) === 0, 10_000, 'no session');
    await eventually(
      () => {
        const open = descriptorsOf(product.pid);
        if (open <= descriptors + SLACK_DESCRIPTORS) return true;
        throw new Error(`${open} descriptors, ${descriptors} before`);
      },
      10_000,
      'descriptors as before',
    );
    expect((await product.api('GET', '/proxy/status')).body.total_clients).toBe(0);
    expect(await metric(product, 'proxy_sessions_active')).toBe(0);
    expect(await metric(product, 'proxy_clients_active')).toBe(0);
    expect(await heldBytes(product)).toBe(0);
    const [opened, stopped, replaced] = await Promise.all(
      ['sessions_opened', 'sessions_stopped', 'sessions_replaced'].map(total),
    );
    expect(opened).toBeGreaterThan(0);
    expect(stopped! + replaced!).toBe(opened);
    expect(await total('sessions_leaked')).toBe(0);
    expect(await total('second_reader_violations')).toBe(0);
  }

  it('from channel to channel, at any time of the start: nothing is left', async () => {
    const channels = Array.from({ length: 12 }, newContentId);
    await openViewer(product.url(streamPath(channels[0]!))).playing();
    const descriptors = descriptorsOf(product.pid);
    let previous = openViewer(product.url(streamPath(channels[0]!)));
    let played = 0;
    for (let zap = 1; zap <= ZAPS; zap += 1) {
      const next = openViewer(product.url(streamPath(channels[zap % channels.length]!)));
      // Some wait for media, some leave with the head, some before any answer.
      if (zap % 3 === 0) {
        await next.playing();
        played += 1;
      } else if (zap % 3 === 1) {
        await next.until(({ bytes }) => bytes > 0, 10_000, 'a byte').catch(() => next.head);
      }
      if (zap % 2 === 0) previous.reset();
      else previous.destroy();
      previous = next;
    }
    expect(played).toBe(Math.floor(ZAPS / 3));
    previous.destroy();
    await product.api('DELETE', `/proxy/sessions/${channels[0]!}`);
    await expectNothingLeft(descriptors);
  });

  it('all channels at once, each left after a moment: nothing is left', async () => {
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const descriptors = descriptorsOf(product.pid);
    const [first] = (await product.api('GET', '/proxy/status')).body.sessions;
    await product.api('DELETE', `/proxy/sessions/${first.stream_id}`);
    const viewers = Array.from({ length: ZAPS }, (_none, n) => {
      const viewer = openViewer(product.url(streamPath(newContentId())));
      // In the tick of the request, with the answer, or after it.
      if (n % 3 === 0) viewer.halfClose();
      else void viewer.head.then(() => viewer.destroy()).catch(() => undefined);
      return viewer;
    });
    await Promise.all(viewers.map((viewer) => viewer.head.catch(() => null)));
    for (const viewer of viewers) viewer.destroy();
    await expectNothingLeft(descriptors);
  });
});
