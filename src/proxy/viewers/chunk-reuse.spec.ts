import { RingBuffer } from '../buffer';
import { FanoutStage, type Watcher } from '../testing/fanout-stage.spec-support';
import { SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { until } from '../testing/until.spec-support';

const MIB = 1024 * 1024;

/** Bytes that no packet begins with. */
const FOREIGN = 0xee;

describe('memory that a ring has dropped', () => {
  let stage: FanoutStage;
  let stream: SyntheticStream;
  let fast: Watcher;
  /** What a viewer gets who joined at the beginning. */
  let seen: Buffer[];
  /** Another stream of the process; it overwrites whatever memory it is given. */
  let other: RingBuffer;
  let otherMemory: Set<ArrayBufferLike>;

  beforeEach(async () => {
    stage = await FanoutStage.open({ maxBytes: 2 * MIB });
    stream = new SyntheticStream({ frameBytes: 120_000 });
    other = new RingBuffer({ maxBytes: MIB, maxAgeMs: 60_000 });
    otherMemory = new Set();
    const first = stream.take(2);
    stage.feed(first);
    const point = stage.history.firstJoinPoint()!;
    seen = [point.preface, first.subarray(point.position)];
    fast = await stage.watch();
  });
  afterEach(() => stage.close());

  async function feed(): Promise<void> {
    const media = stream.take(1);
    seen.push(media);
    stage.feed(media);
    const foreign = Buffer.alloc(media.length, FOREIGN);
    other.append(foreign, 0, foreign.length, 0, (chunk) => {
      otherMemory.add(chunk.buffer);
    });
    other.commit();
    other.trim(0);
    const { viewer } = fast;
    await until(() => viewer.isDrained && viewer.cursor === stage.history.ring.head);
  }

  /** Viewers who read nothing and began with the stream, and whose sockets hold bytes that the kernel does not take. */
  async function stuckViewers(count: number): Promise<Watcher[]> {
    const watchers: Watcher[] = [];
    while (watchers.length < count) watchers.push(await stage.watch({ isReading: false }));
    for (const { viewer } of watchers) {
      let same = 0;
      for (let before = -1; same < 20; before = viewer.unsentBytes()) {
        if (viewer.isDrained) await feed();
        await new Promise(setImmediate);
        same = !viewer.isDrained && viewer.unsentBytes() === before ? same + 1 : 0;
      }
    }
    return watchers;
  }

  async function expectPrefixOfStream(watcher: Watcher, bytes: number): Promise<void> {
    watcher.read();
    await until(() => watcher.receivedBytes() >= bytes);
    const expected = Buffer.concat(seen).subarray(0, bytes);
    expect(watcher.received().subarray(0, bytes).equals(expected)).toBe(true);
  }

  it('reaches every viewer unchanged, however slow, while another stream uses it', async () => {
    const slow = await stuckViewers(2);
    const promised = slow.map(({ viewer }) => viewer.queuedBytes);
    const unsent = slow.map(({ viewer }) => viewer.lastWritten.at(-1)!.buffer);
    otherMemory.clear();
    for (let i = 0; i < 40; i++) await feed();
    expect(slow.every(({ viewer }) => viewer.cursor < stage.history.ring.tail)).toBe(true);
    for (const [i, one] of slow.entries()) await expectPrefixOfStream(one, promised[i]!);
    await expectPrefixOfStream(fast, fast.viewer.queuedBytes);
    expect(unsent.some((memory) => otherMemory.has(memory))).toBe(false);
    const memory = new Set(fast.writes.map(({ buffer }) => buffer));
    expect([...memory].filter((one) => otherMemory.has(one)).length).toBeGreaterThan(5);
  });

  it('is not used by another stream if a viewer left before the kernel had taken it', async () => {
    const [leaving] = (await stuckViewers(1)) as [Watcher];
    const promised = leaving.viewer.queuedBytes;
    // From here on nobody counts the viewer, but its socket is open and sends what it was given.
    stage.fanout.detach(leaving.viewer);
    for (let i = 0; i < 40; i++) await feed();
    await expectPrefixOfStream(leaving, promised);
  });
});
