import 'reflect-metadata';
import { monotonicMs } from '../../kernel/clock';
import {
  discontinuityIndicator,
  hasPayload,
  payloadOffset,
  payloadUnitStart,
  pesDecodingTime,
  pid,
  ticksBetween,
  TS_PACKET,
  withMovedTimes,
} from '../mpegts';
import { continuityFaults } from '../testing/continuity.spec-support';
import {
  FanoutStage,
  type StageSettings,
  type Watcher,
} from '../testing/fanout-stage.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { until } from '../testing/until.spec-support';

/** About 12 Mbit/s: what the kernel takes for a viewer who does not read is a few seconds of it. */
const HEAVY = { frameBytes: 60_000 };
const SECOND = 25;

let stage: FanoutStage;
let stream: SyntheticStream;

async function open(settings: Partial<StageSettings> = {}): Promise<void> {
  stage = await FanoutStage.open(settings);
  stream = new SyntheticStream(HEAVY);
}

afterEach(() => stage.close());

const isAtHead = ({ viewer }: Watcher): boolean =>
  viewer.isDrained && viewer.cursor === stage.history.ring.head;

/** Waits until a viewer has taken all there is (false) or takes no more (true). */
async function isStuck(watcher: Watcher): Promise<boolean> {
  let unsent = -1;
  let same = 0;
  return until(() => {
    if (isAtHead(watcher)) return { stuck: false };
    const now = watcher.viewer.unsentBytes();
    same = now === unsent && now > 0 ? same + 1 : 0;
    unsent = now;
    return same >= 20 && { stuck: true };
  }, 'a viewer who is stuck or at the head').then(({ stuck }) => stuck);
}

/** A viewer who reads nothing, was at the head once, and has been left behind there by six seconds. */
async function stuckViewer(): Promise<Watcher> {
  stage.feed(stream.take(SECOND));
  const watcher = await stage.watch({ isReading: false });
  await leaveBehind(watcher);
  return watcher;
}

async function leaveBehind(watcher: Watcher): Promise<void> {
  do stage.feed(stream.take(1));
  while (!(await isStuck(watcher)));
  for (let i = 0; i < 6; i++) stage.feed(stream.take(SECOND));
}

/** From unit to unit of one stream, ms. */
function stepsOf(bytes: Buffer, id: number): number[] {
  const times = packetsOf(bytes).flatMap((packet) => {
    if (pid(packet, 0) !== id || !payloadUnitStart(packet, 0)) return [];
    return [pesDecodingTime(packet, payloadOffset(packet, 0), TS_PACKET)];
  });
  return times.slice(1).map((time, i) => ticksBetween(times[i]!, time) / 90);
}

describe('a viewer who asked for the past', () => {
  it.each([
    [4000, 4000],
    [0, 0],
  ])('jumps to its requested position: %d ms behind', async (askedMs, leastMs) => {
    await open({ maxLagMs: 3000, joinBehindMs: 1500 });
    const watcher = await stuckViewer();
    watcher.viewer.askedBehindMs = askedMs;
    const from = watcher.viewer.cursor;
    watcher.read();
    await until(() => isAtHead(watcher));
    expect(stage.jumps).toHaveLength(1);
    const landed = from + (stage.jumps[0]?.skippedBytes ?? 0);
    const behindMs = stage.history.mediaMsBehind(landed);
    // Places to go on are a second apart.
    expect(behindMs).toBeGreaterThanOrEqual(leastMs);
    expect(behindMs).toBeLessThan(leastMs + 1100);
    await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
    expect(continuityFaults(watcher.received())).toEqual([]);
  });
});

describe('a viewer who reads nothing', () => {
  it('is disconnected after the stall timeout, not before', async () => {
    await open({ stallTimeoutMs: 5000 });
    const { viewer } = await stuckViewer();
    stage.fanout.sweep(1_000_000, false);
    stage.fanout.sweep(1_004_999, false);
    expect(stage.cut).toEqual([]);
    stage.fanout.sweep(1_005_000, false);
    expect(stage.cut).toEqual([{ viewer, reason: 'stalled' }]);
  });

  it('is paused after 15 s until it takes bytes again, and then continues near live', async () => {
    await open({ stallTimeoutMs: 300_000, maxLagMs: 3000, joinBehindMs: 1000 });
    const watcher = await stuckViewer();
    const { viewer } = watcher;
    stage.fanout.sweep(1_000_000, false);
    stage.fanout.sweep(1_014_999, false);
    expect(viewer.state).toBe('streaming');
    stage.fanout.sweep(1_015_000, false);
    expect(viewer.state).toBe('paused');
    expect([...stage.paused]).toEqual([viewer]);
    stage.fanout.sweep(1_299_999, false);
    watcher.read();
    await until(() => isAtHead(watcher));
    stage.fanout.sweep(1_300_500, false);
    expect(viewer.state).toBe('streaming');
    expect([stage.paused.size, stage.cut.length, stage.jumps.length]).toEqual([0, 0, 1]);
    await until(() => watcher.receivedBytes() === viewer.queuedBytes);
    expect(continuityFaults(watcher.received())).toEqual([]);
  });

  it('stays paused when our own event loop was late, and is not disconnected for it', async () => {
    await open({ stallTimeoutMs: 300_000 });
    const { viewer } = await stuckViewer();
    stage.fanout.sweep(1_000_000, false);
    stage.fanout.sweep(1_015_000, false);
    stage.fanout.sweep(1_400_000, true);
    expect([viewer.state, stage.cut.length]).toEqual(['paused', 0]);
    stage.fanout.sweep(1_699_999, false);
    expect([viewer.state, stage.cut.length]).toEqual(['paused', 0]);
    stage.fanout.sweep(1_700_000, false);
    expect(stage.cut).toEqual([{ viewer, reason: 'stalled' }]);
  });

  it('holds a chunk, which counts after the ring dropped it, and only once for all viewers who hold it', async () => {
    await open({ maxBytes: 4 * 1024 * 1024 });
    stage.feed(stream.take(SECOND));
    const held = (): number => stage.fanout.pinnedMemory(new Set());
    const watchers = [await stage.watch({ isReading: false }), await stage.watch()];
    await until(() => isAtHead(watchers[1]!));
    expect(held()).toBe(0);
    do stage.feed(stream.take(1));
    while (!(await isStuck(watchers[0]!)));
    expect(held()).toBe(0);
    for (let i = 0; i < 6; i++) stage.feed(stream.take(SECOND));
    const one = held();
    expect(one).toBeGreaterThan(0);
    expect(one).toBeLessThanOrEqual(2 * 1000 * TS_PACKET);
    // Another viewer who stopped at the same place holds the same chunk.
    const { viewer } = watchers[0]!;
    const counted = new Set<ArrayBufferLike>();
    expect(viewer.pinnedBytes(stage.history.ring.tail, counted)).toBe(one);
    expect(viewer.pinnedBytes(stage.history.ring.tail, counted)).toBe(0);
    watchers[0]!.read();
    await until(() => isAtHead(watchers[0]!));
    expect(held()).toBe(0);
  });

  it('is not disconnected when our own event loop was late, and has the full timeout again', async () => {
    await open({ stallTimeoutMs: 5000 });
    await stuckViewer();
    stage.fanout.sweep(1_000_000, false);
    stage.fanout.sweep(1_006_000, true);
    stage.fanout.sweep(1_010_999, false);
    expect(stage.cut).toEqual([]);
    stage.fanout.sweep(1_011_000, false);
    expect(stage.cut).toHaveLength(1);
  });

  it('is not disconnected when it took some bytes meanwhile', async () => {
    await open({ stallTimeoutMs: 5000 });
    const watcher = await stuckViewer();
    stage.fanout.sweep(1_000_000, false);
    const before = watcher.viewer.unsentBytes();
    watcher.read();
    await until(() => watcher.viewer.unsentBytes() !== before);
    watcher.far.pause();
    stage.fanout.sweep(1_006_000, false);
    expect(stage.cut).toEqual([]);
  });

  it('pins at most one view of the ring, however long it reads nothing', async () => {
    await open();
    const watcher = await stuckViewer();
    const pinned = watcher.near.writableLength;
    expect(pinned).toBeGreaterThan(0);
    expect(pinned).toBeLessThanOrEqual(1000 * TS_PACKET);
    expect(stage.fanout.unsentBytes).toBe(pinned);
    stage.feed(stream.take(SECOND));
    expect(watcher.near.writableLength).toBe(pinned);
  });

  it('is not stalled while nothing is pending', async () => {
    await open({ stallTimeoutMs: 5000 });
    stage.feed(stream.take(5));
    const { viewer } = await stage.watch();
    await until(() => viewer.isDrained && viewer.cursor === stage.history.ring.head);
    stage.fanout.sweep(1_000_000, false);
    stage.fanout.sweep(9_000_000, false);
    expect(stage.cut).toEqual([]);
  });
});

describe('a viewer who lags', () => {
  const msBehind = (position: number): number => stage.history.mediaMsBehind(position) ?? 0;
  it('jumps to a key frame near the head as soon as it takes bytes again', async () => {
    await open({ maxLagMs: 2000, joinBehindMs: 1500 });
    const watcher = await stuckViewer();
    watcher.read();
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
    expect(stage.jumps).toHaveLength(1);
    const [jump] = stage.jumps;
    expect(jump?.lagMs).toBeGreaterThan(2000);
    const received = watcher.received();
    expect(received.length).toBeLessThan(stage.history.ring.head);
    expect(stage.history.ring.head - jump!.skippedBytes).toBeLessThan(received.length);
    // The newest key frame that is at least a second and a half behind the head.
    const [landed] = stream.keyframes.filter((position) => msBehind(position) < 2501);
    const there = stage.history.ring.view(landed!, TS_PACKET)!;
    const at = received.lastIndexOf(withMovedTimes(there, watcher.viewer.movedTicks));
    expect(at % TS_PACKET).toBe(0);

    // Before it: PAT and PMT, and for each PID a packet without payload that flags the jump.
    const preface = packetsOf(received.subarray(0, at)).slice(-6);
    const tables = [0, stream.options.pmtPid];
    const media = [stream.options.videoPid, stream.options.audioPid];
    expect(preface.map((packet) => pid(packet, 0))).toEqual([...tables, ...tables, ...media]);
    for (const packet of preface) {
      expect(discontinuityIndicator(packet, 0)).toBe(!hasPayload(packet, 0));
    }
    expect(preface.filter((packet) => hasPayload(packet, 0))).toHaveLength(2);
    expect(continuityFaults(received)).toEqual([]);
    expect(watcher.viewer.jumps).toBe(1);
  });

  it('gets continuous timestamps from jump to jump, because it would wait for a jump in time', async () => {
    await open({ maxLagMs: 2000, joinBehindMs: 1500 });
    const watcher = await stuckViewer();
    watcher.read();
    for (const jumps of [1, 2]) {
      if (jumps > 1) {
        watcher.far.pause();
        await leaveBehind(watcher);
      }
      watcher.far.resume();
      await until(() => isAtHead(watcher));
      await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
      expect(watcher.viewer.jumps).toBe(jumps);
      for (const id of [stream.options.videoPid, stream.options.audioPid]) {
        const stepsMs = stepsOf(watcher.received(), id);
        expect(Math.max(...stepsMs)).toBeLessThanOrEqual(200);
        expect(Math.min(...stepsMs)).toBeGreaterThan(0);
      }
    }
  });

  it('leaves the ring unchanged: the flags are in separate bytes', async () => {
    await open({ maxLagMs: 2000, joinBehindMs: 1000 });
    const watcher = await stuckViewer();
    watcher.read();
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    const other = await stage.watch();
    await until(() => other.receivedBytes() === other.viewer.queuedBytes);
    await until(() => other.viewer.cursor === stage.history.ring.head);
    expect(continuityFaults(other.received())).toEqual([]);
  });

  it('does not jump because of its granted backlog, however large', async () => {
    await open({ maxLagMs: 2000, joinBehindMs: 1000 });
    for (let i = 0; i < 12; i++) stage.feed(stream.take(SECOND));
    const watcher = await stage.watch({ isReading: false });
    expect(await isStuck(watcher)).toBe(true);
    stage.fanout.sweep(monotonicMs(), false);
    watcher.read();
    await until(() => watcher.receivedBytes() >= stage.history.ring.head);
    expect(stage.jumps).toEqual([]);
    expect(continuityFaults(watcher.received())).toEqual([]);
  });

  it('does not jump while the ring is still filling', async () => {
    await open({ maxLagMs: 60_000, joinBehindMs: 0 });
    const watcher = await stuckViewer();
    // It is behind by more than four fifths of what the ring holds, but not of what it can hold.
    for (let i = 0; i < 20; i++) stage.feed(stream.take(SECOND));
    watcher.read();
    await until(() => watcher.receivedBytes() >= stage.history.ring.head);
    expect(stage.jumps).toEqual([]);
  });

  it('jumps when the ring has overtaken it', async () => {
    await open({ maxLagMs: 60_000, joinBehindMs: 0, maxBytes: 5 * 1024 * 1024 });
    const watcher = await stuckViewer();
    expect(watcher.viewer.cursor).toBeLessThan(stage.history.ring.tail);
    watcher.read();
    await until(() => watcher.viewer.cursor === stage.history.ring.head);
    await until(() => watcher.receivedBytes() === watcher.viewer.queuedBytes);
    expect(stage.jumps).toHaveLength(1);
    expect(continuityFaults(watcher.received())).toEqual([]);
  });

  it('is disconnected when it would jump too often', async () => {
    await open({ maxLagMs: 2000, joinBehindMs: 0 });
    const watcher = await stuckViewer();
    const nowMs = stage.history.nowMs();
    for (let i = 0; i < 5; i++) watcher.viewer.noteJump(nowMs);
    watcher.read();
    await until(() => stage.cut.length > 0);
    expect(stage.cut).toEqual([{ viewer: watcher.viewer, reason: 'too_many_jumps' }]);
    expect(stage.jumps).toEqual([]);
  });
});
