import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NULL_PID, pid } from '../mpegts';
import { continuityFaults } from '../testing/continuity.spec-support';
import { FanoutStage } from '../testing/fanout-stage.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { until } from '../testing/until.spec-support';

const FIXTURE = readFileSync(join(__dirname, '../mpegts/fixtures/h264-aac.m2t'));

describe('StreamFanout', () => {
  let stage: FanoutStage;
  let stream: SyntheticStream;

  beforeEach(async () => {
    stage = await FanoutStage.open();
    stream = new SyntheticStream();
  });

  afterEach(() => stage.close());

  it('sends PAT and PMT, then every byte from the join point on', async () => {
    stage.feed(FIXTURE.subarray(0, 188 * 100));
    const point = stage.history.firstJoinPoint();
    const watcher = await stage.watch();
    stage.feed(FIXTURE.subarray(188 * 100));
    const expected = Buffer.concat([point!.preface, FIXTURE.subarray(point!.position)]);
    await until(() => watcher.receivedBytes() === expected.length);
    expect(watcher.received().equals(expected)).toBe(true);
    expect(continuityFaults(watcher.received())).toEqual([]);
  });

  it('starts a later viewer behind the head, at a key frame', async () => {
    stage.feed(stream.take(100));
    const watcher = await stage.watch({ point: stage.history.laterJoinPoint(1500)! });
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
    const [first] = packetsOf(watcher.received()).filter(
      (packet) => pid(packet, 0) === stream.options.videoPid,
    );
    // Frames 0, 25, 50 and 75 are key frames, the head is at frame 100.
    const begun = stage.history.ring.view(stream.keyframes[2]!, 188);
    expect(first?.equals(begun!)).toBe(true);
  });

  it('counts its viewers together with those of other streams, until they leave or it is closed', async () => {
    stage.feed(stream.take(30));
    const [first] = [await stage.watch(), await stage.watch(), await stage.watch()];
    stage.backlog.viewersOfAllStreams += 7;
    expect(stage.backlog.viewersOfAllStreams).toBe(10);
    stage.fanout.detach(first.viewer);
    stage.fanout.detach(first.viewer);
    expect(stage.backlog.viewersOfAllStreams).toBe(9);
    stage.fanout.close();
    expect(stage.backlog.viewersOfAllStreams).toBe(7);
  });

  it('writes each batch once to each viewer at the head, the same Buffer object to all', async () => {
    stage.feed(stream.take(30));
    const watchers = await Promise.all([stage.watch(), stage.watch(), stage.watch()]);
    const atHead = (): boolean =>
      watchers.every(({ viewer }) => viewer.isDrained && viewer.cursor === stage.history.ring.head);
    await until(atHead);
    for (let batch = 1; batch <= 5; batch++) {
      const before = watchers.map(({ writes }) => writes.length);
      stage.feed(stream.take(5));
      expect(watchers.map(({ writes }, i) => writes.length - before[i]!)).toEqual([1, 1, 1]);
      const [shared, ...others] = watchers.map(({ writes }) => writes.at(-1));
      for (const other of others) expect(other).toBe(shared);
      await until(atHead);
    }
    await until(() =>
      watchers.every(({ receivedBytes, viewer }) => receivedBytes() === viewer.queuedBytes),
    );
    expect(watchers[1].received().equals(watchers[0].received())).toBe(true);
  });

  it('serves viewers behind the head in backlog turns, without loss', async () => {
    stage.feed(stream.take(30));
    const watcher = await stage.watch();
    // Media come before the viewer had its first turn: it is behind, and stays in order.
    stage.feed(stream.take(30));
    stage.feed(stream.take(30));
    expect(watcher.writes).toHaveLength(1);
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
    expect(continuityFaults(watcher.received())).toEqual([]);
    expect(watcher.viewer.cursor).toBe(stage.history.ring.head);
  });

  it('stops writing to a detached viewer, and continues with the others', async () => {
    stage.feed(stream.take(30));
    const watchers = await Promise.all([stage.watch(), stage.watch(), stage.watch()]);
    await until(() => watchers.every(({ viewer }) => viewer.cursor === stage.history.ring.head));
    await until(() => watchers.every(({ viewer }) => viewer.isDrained));
    const before = watchers.map(({ writes }) => writes.length);
    stage.fanout.detach(watchers[0].viewer);
    stage.fanout.detach(watchers[0].viewer);
    stage.feed(stream.take(5));
    expect(watchers.map(({ writes }, i) => writes.length - before[i]!)).toEqual([0, 1, 1]);
  });

  it('writes whole packets only, and no fragment at the end of a turn', async () => {
    const large = new SyntheticStream({ frameBytes: 40_000 });
    stage.feed(large.take(25));
    const watcher = await stage.watch();
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    const sizes = watcher.writes.map(({ length }) => length);
    expect(sizes.every((size) => size % 188 === 0)).toBe(true);
    // The last piece of the ring may be of any size; those in between fill their turn.
    expect(Math.min(...sizes.slice(1, -1))).toBeGreaterThan(188);
  });

  it('sends keep-alive packets only to drained viewers at the head', async () => {
    stage.feed(stream.take(30));
    const atHead = await stage.watch();
    await until(() => atHead.viewer.cursor === stage.history.ring.head && atHead.viewer.isDrained);
    const stuck = await stage.watch();
    await until(() => stuck.viewer.cursor === stage.history.ring.head);
    Object.defineProperty(stuck.near, 'writableLength', { value: 1 });
    // Attached, and its first turn is still to come.
    const behind = await stage.watch();
    const watchers = [atHead, behind, stuck];
    const before = watchers.map(({ writes }) => writes.length);
    stage.fanout.keepAlive();
    expect(watchers.map(({ writes }, i) => writes.length - before[i]!)).toEqual([1, 0, 0]);
    const padding = atHead.writes.at(-1)!;
    expect(packetsOf(padding).every((packet) => pid(packet, 0) === NULL_PID)).toBe(true);
    expect(padding.length % 188).toBe(0);
    expect(stage.history.ring.end).toBe(stage.history.ring.head);
  });
});

describe('StreamFanout gathers batches', () => {
  let stage: FanoutStage;

  beforeEach(async () => {
    stage = await FanoutStage.open();
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'nextTick'] });
  });

  afterEach(() => {
    jest.useRealTimers();
    stage.close();
  });

  const append = (media: Buffer): void => {
    stage.history.append(media, 0, media.length, 0);
    stage.fanout.appended();
  };

  it.each([
    [0, 20],
    [200, 50],
    [1000, 130],
  ])('with %d viewers in the process until %d ms are over', (viewers, ms) => {
    stage.backlog.viewersOfAllStreams = viewers;
    append(Buffer.alloc(188 * 10, 0x47));
    jest.advanceTimersByTime(ms - 1);
    expect(stage.history.ring.head).toBe(0);
    append(Buffer.alloc(188 * 10, 0x47));
    jest.advanceTimersByTime(1);
    expect(stage.history.ring.head).toBe(188 * 20);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('or until there are 64 KiB', () => {
    append(Buffer.alloc(188 * 10, 0x47));
    append(Buffer.alloc(188 * 339, 0x47));
    expect(stage.history.ring.head).toBe(188 * 349);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('and drops the current batch when it is closed', () => {
    append(Buffer.alloc(188 * 10, 0x47));
    stage.fanout.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
