import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DataFolder } from './data-folder';
import { SmallDisk } from './full-disk.spec-support';
import {
  HistoryStore,
  type HistoryBatch,
  type SeriesPoint,
  type StoredBucket,
  type StoredStream,
  type StreamFilter,
} from './history-store';

const ALL: StreamFilter = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
const T0 = Date.parse('2026-01-31T20:00:00Z');
const MINUTE = 60_000;

let path: string;
let folder: DataFolder;
let store: HistoryStore;
let batches = 0;

async function open(at: string): Promise<void> {
  folder = new DataFolder(at);
  await folder.open();
  store = new HistoryStore(folder);
}

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'acefleet-history-'));
  await open(path);
});

afterEach(async () => {
  await folder.close();
  rmSync(path, { recursive: true, force: true });
});

function stream(id: number, facts: Partial<StoredStream> = {}): StoredStream {
  const startedAtMs = facts.startedAtMs ?? T0 + id * MINUTE;
  return {
    id: id.toString(16).padStart(16, '0'),
    startedAtMs,
    seenAtMs: startedAtMs + 10 * MINUTE,
    streamId: `content-${id}`,
    kind: 'live',
    infohash: null,
    channelId: null,
    channelName: null,
    outcome: 'ended',
    reason: 'no_viewers',
    viewers: 1,
    peakViewers: 1,
    viewerMs: 5 * MINUTE,
    bytesIn: 1000,
    bytesOut: 900,
    firstByteMs: 200,
    startMs: 400,
    failovers: 0,
    moves: 0,
    stallMs: 0,
    engines: ['e1'],
    ...facts,
  };
}

const write = (batch: Partial<HistoryBatch>): Promise<void> =>
  store.write({ id: `batch-${(batches += 1)}`, streams: [], dropped: [], buckets: [], ...batch });

const list = async (filter: Partial<StreamFilter> = {}, limit = 100): Promise<StoredStream[]> =>
  store.listStreams({ ...ALL, ...filter }, null, limit);

const ids = async (filter: Partial<StreamFilter>): Promise<number[]> =>
  (await list(filter)).map(({ id }) => Number.parseInt(id, 16));

describe('streams', () => {
  it('are found as they were written, after a restart too', async () => {
    const texts = { channelName: '\u{1f4fa} "a\' \ud800\0b', engines: ['a', 'b c'] };
    const row = stream(1, { ...texts, channelId: 'news', infohash: 'ab', startMs: null });
    await write({ streams: [row] });
    await folder.close();
    await open(path);
    expect(await list()).toEqual([{ ...row, channelName: '\u{1f4fa} "a\' \ufffd\ufffdb' }]);
  });

  it('are replaced by newer rows, and dropped', async () => {
    await write({
      streams: [stream(1, { outcome: 'running' }), stream(2, { outcome: 'running' })],
    });
    await write({ streams: [stream(1, { viewers: 7 })], dropped: [stream(2)] });
    expect(await list()).toEqual([stream(1, { viewers: 7 })]);
  });

  it('were interrupted if the process ended while they ran', async () => {
    await write({ streams: [stream(1, { outcome: 'running', reason: null }), stream(2)] });
    await folder.close();
    await open(path);
    await write({ streams: [stream(3, { outcome: 'running' })] });
    const outcomes = (await list()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['running', 'ended', 'interrupted']);
  });

  it('match all filters', async () => {
    await write({
      streams: [
        stream(1, { channelId: 'news' }),
        stream(2, { infohash: 'ab', outcome: 'failed' }),
        stream(30, { channelId: 'news', outcome: 'failed' }),
      ],
    });
    expect(await ids({ channel: 'news' })).toEqual([30, 1]);
    expect(await ids({ channel: 'news', outcome: 'failed' })).toEqual([30]);
    expect(await ids({ stream: 'ab' })).toEqual([2]);
    expect(await ids({ stream: 'content-1' })).toEqual([1]);
    // They ran at some time of the period.
    expect(await ids({ fromMs: T0 + 11 * MINUTE + 1 })).toEqual([30, 2]);
    expect(await ids({ toMs: T0 + 2 * MINUTE })).toEqual([1]);
  });

  it('come in pages, each stream once, also with the same time of start', async () => {
    const rows = Array.from({ length: 23 }, (_, i) => stream(i, { startedAtMs: T0 + (i >> 2) }));
    await write({ streams: rows });
    const found: StoredStream[] = [];
    for (;;) {
      const page = await store.listStreams(ALL, found.at(-1) ?? null, 5);
      found.push(...page);
      if (page.length < 5) break;
    }
    expect(found).toEqual([...rows].reverse());
  });

  it('are summed up by channel, and by content without a channel', async () => {
    const failed = { outcome: 'failed', reason: 'start_timeout', startMs: null } as const;
    await write({
      streams: [
        stream(1, { channelId: 'b', channelName: 'Zebra', peakViewers: 4 }),
        stream(2, { channelId: 'b', channelName: 'Ant', startMs: 600, viewerMs: MINUTE }),
        stream(3, { channelId: 'b', channelName: 'Ant', ...failed, viewerMs: 0 }),
        stream(4, { streamId: 'x', viewerMs: 7 * MINUTE }),
        stream(5, { streamId: 'x', ...failed, reason: 'no_engine', viewerMs: 0 }),
        stream(6, { streamId: 'x', ...failed, reason: 'no_engine', viewerMs: 0 }),
      ],
    });
    const subjects = await store.listSubjects(ALL, 'viewer_minutes', 10, 0);
    expect(subjects).toMatchObject([
      {
        channelId: null,
        channelName: null,
        streamId: 'x',
        streams: 3,
        failed: 2,
        failures: { no_engine: 2 },
        viewerMs: 7 * MINUTE,
      },
      {
        channelId: 'b',
        channelName: 'Ant',
        streamId: null,
        streams: 3,
        failed: 1,
        failures: { start_timeout: 1 },
        peakViewers: 4,
        viewerMs: 6 * MINUTE,
        meanStartMs: 500,
        lastStartedAtMs: T0 + 3 * MINUTE,
      },
    ]);
    const [first] = await store.listSubjects(ALL, 'peak_viewers', 1, 0);
    const [second] = await store.listSubjects(ALL, 'peak_viewers', 1, 1);
    expect([first?.channelId, second?.streamId]).toEqual(['b', 'x']);
  });

  it('tell how starts went', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => stream(i, { firstByteMs: i + 1 }));
    const failed = stream(200, { outcome: 'failed', firstByteMs: null, startMs: null });
    // It failed later, so its start was good.
    const broken = stream(201, { outcome: 'failed', firstByteMs: null });
    await write({ streams: [...rows, failed, broken] });
    expect(await store.totalStarts(T0, T0 + 300 * MINUTE)).toEqual({
      started: 102,
      failed: 1,
      meanFirstByteMs: 50.5,
      p95FirstByteMs: 95,
    });
    expect(await store.totalStarts(0, T0)).toMatchObject({ started: 0, p95FirstByteMs: null });
  });

  it('are deleted by age and number, the oldest first', async () => {
    await write({ streams: Array.from({ length: 1300 }, (_, i) => stream(i)) });
    let runs = 0;
    while (await store.pruneStreams(T0 + 710 * MINUTE, 500)) runs += 1;
    expect(runs).toBe(1);
    while (await store.pruneStreams(0, 500)) runs += 1;
    const left = await list({}, 2000);
    expect(left).toHaveLength(500);
    expect(left.at(-1)).toEqual(stream(800));
  });
});

describe('series', () => {
  const bucket = (atS: number, value: number, stepS = 60): StoredBucket => ({
    stepS,
    atS,
    metric: 1,
    samples: 1,
    min: value,
    mean: value,
    max: value,
  });
  const points = (stepS: number, toS = 1_000_000): Promise<SeriesPoint[]> =>
    store.listSeries(1, 60, stepS, 0, toS);

  it('add up what is written for the same step, and roll up to longer ones', async () => {
    await write({ buckets: [bucket(0, 4), bucket(60, 10)] });
    await write({ buckets: [bucket(0, 8), { ...bucket(0, 99), metric: 2 }, bucket(300, 1)] });
    expect(await points(60)).toEqual([
      { atS: 0, samples: 2, min: 4, mean: 6, max: 8 },
      { atS: 60, samples: 1, min: 10, mean: 10, max: 10 },
      { atS: 300, samples: 1, min: 1, mean: 1, max: 1 },
    ]);
    expect(await points(300)).toEqual([
      { atS: 0, samples: 3, min: 4, mean: 22 / 3, max: 10 },
      { atS: 300, samples: 1, min: 1, mean: 1, max: 1 },
    ]);
    expect(await points(60, 60)).toHaveLength(1);
  });

  it('do not depend on how samples were split into batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 6 }), { maxLength: 6 }),
        async (parts) => {
          await store.clear();
          for (const part of parts) {
            for (const value of part) await write({ buckets: [bucket(120, value)] });
          }
          const values = parts.flat();
          const [found] = await points(60);
          expect(found?.samples ?? 0).toBe(values.length);
          if (found === undefined) return;
          const sum = values.reduce((total, value) => total + value, 0);
          expect([found.min, found.max]).toEqual([Math.min(...values), Math.max(...values)]);
          expect(found.mean).toBeCloseTo(sum / values.length, 3);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('are the same when a batch is written twice', async () => {
    const batch = { id: 'once', streams: [], dropped: [], buckets: [bucket(0, 4)] };
    await store.write(batch);
    await store.write(batch);
    expect(await points(60)).toMatchObject([{ samples: 1 }]);
  });

  it('are deleted by age, a few steps at once', async () => {
    await write({ buckets: Array.from({ length: 120 }, (_, i) => bucket(i * 60, i)) });
    await write({ buckets: [bucket(0, 1, 900)] });
    let runs = 0;
    while (await store.pruneSeries(60, 110 * 60)) runs += 1;
    expect(runs).toBe(2);
    expect((await points(60)).map(({ atS }) => atS / 60)).toEqual([
      110, 111, 112, 113, 114, 115, 116, 117, 118, 119,
    ]);
    expect(await store.listSeries(1, 900, 900, 0, 900)).toHaveLength(1);
  });
});

it('is deleted as a whole, and overwritten in the file', async () => {
  await write({ streams: [stream(1, { channelName: 'a name to forget' })] });
  const file = join(path, 'acefleet.db');
  expect(readFileSync(file).includes('a name to forget')).toBe(true);
  await store.clear();
  expect(await list()).toEqual([]);
  expect(readFileSync(file).includes('a name to forget')).toBe(false);
});

it('tells that the disk refuses to delete everything', async () => {
  await folder.close();
  await expect(store.clear()).rejects.toMatchObject({ code: 'storage_failed' });
});

const disk = SmallDisk.mount(512);
afterAll(() => disk?.unmount());

(disk === null ? it.skip : it)(
  'changes nothing on a full disk, and continues when there is space',
  async () => {
    await folder.close();
    await open(disk!.folder);
    await write({ streams: [stream(1)] });
    disk!.fill();
    const large = Array.from({ length: 500 }, (_, i) => stream(i + 10));
    const failure = await write({ streams: large }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'storage_full' });
    expect(await list()).toEqual([stream(1)]);
    disk!.makeRoom();
    await write({ streams: [stream(2)] });
    expect(await ids({})).toEqual([2, 1]);
    await folder.close();
  },
);
