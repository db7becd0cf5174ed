import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelDirectory } from '../channels';
import type { Jobs } from '../coordination';
import { EventBus, type StreamTotals } from '../events';
import { AppError } from '../kernel/errors';
import type { RunningStream, StreamFigures } from '../proxy';
import { DataFolder } from '../storage';
import { HistoryRecorder } from './history-recorder';
import type { InstallationSampler } from './installation-sampler';
import type { Sample } from './metric';
import { SeriesReader } from './series-reader';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
const TOTALS: StreamTotals = {
  kind: 'live',
  channel: null,
  is_for_viewers: true,
  first_byte_ms: 1,
  bytes_in: 1,
  bytes_out: 1,
};

describe('HistoryRecorder', () => {
  let path: string;
  let folder: DataFolder;
  let recorder: HistoryRecorder;
  let bus: EventBus;
  let sample: Sample;
  let running: RunningStream[];
  let repeated: Record<string, number>;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'acefleet-recorder-'));
    folder = new DataFolder(path);
    await folder.open();
    bus = new EventBus();
    sample = { viewers: 1 };
    running = [];
    repeated = {};
    const jobs = { every: (name: string, ms: number) => (repeated[name] = ms) };
    recorder = new HistoryRecorder(
      { historyDays: 365 },
      folder,
      { take: () => sample } as InstallationSampler,
      { running: () => running } as StreamFigures,
      jobs as unknown as Jobs,
      bus,
      { get: () => null } as unknown as ChannelDirectory,
    );
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await folder.close();
    rmSync(path, { recursive: true, force: true });
  });

  async function play(id: string): Promise<void> {
    bus.publish('stream_requested', { stream_id: id, selector: 'x' });
    const end = { engine_id: null, reason: 'stopped', totals: TOTALS };
    bus.publish('stream_ended', { stream_id: id, ...end });
    await new Promise((resolve) => setImmediate(resolve));
  }

  const ids = async (): Promise<string[]> =>
    (await recorder.store.listStreams(ALL, null, 100)).map(({ streamId }) => streamId).sort();

  function refuseWrites(): jest.SpyInstance {
    return jest
      .spyOn(folder.database, 'append')
      .mockRejectedValue(new AppError('storage_full', 'The disk is full.'));
  }

  it('samples every 10 s and writes every minute', () => {
    recorder.onModuleInit();
    expect(repeated).toMatchObject({ 'history.sample': 10_000, 'history.write': 60_000 });
  });

  it('shows a sample at once in memory, and to readers of the database', async () => {
    recorder.sample();
    sample = { viewers: 4 };
    recorder.sample();
    const reader = new SeriesReader({ historyDays: 365 }, recorder);
    const last = async (stepS: number) => {
      const { points } = await reader.read('viewers', { fromS: null, toS: null, stepS });
      return points.at(-1);
    };
    expect(await last(10)).toMatchObject({ max: 4 });
    // Together with what is already stored for the same step.
    expect(await last(3600)).toMatchObject({ samples: 2, min: 1, mean: 2.5, max: 4 });
    expect(recorder.listRecent('viewers')).toHaveLength(2);
  });

  it('writes rarely without streams, and each minute with one', async () => {
    const append = jest.spyOn(folder.database, 'append');
    recorder.sample();
    await recorder.writeIfDue();
    recorder.sample();
    await recorder.writeIfDue();
    expect(append).toHaveBeenCalledTimes(1);
    bus.publish('stream_requested', { stream_id: 'a', selector: 'x' });
    await new Promise((resolve) => setImmediate(resolve));
    running = [{ id: 'a', totals: TOTALS }];
    await recorder.writeIfDue();
    await recorder.writeIfDue();
    expect(append).toHaveBeenCalledTimes(3);
    expect(await ids()).toEqual(['a']);
  });

  it('waits with everything while the disk refuses it, and loses nothing in minutes', async () => {
    const append = refuseWrites();
    recorder.sample();
    await play('a');
    await recorder.writeIfDue();
    await play('b');
    await recorder.refresh();
    recorder.sample();
    await recorder.onApplicationShutdown();
    expect(await ids()).toEqual([]);
    append.mockRestore();
    await recorder.writeIfDue();
    expect(await ids()).toEqual(['a', 'b']);
    expect(await recorder.store.listSeries(3, 3600, 3600, 0, 1e11)).toMatchObject([{ samples: 2 }]);
    expect(recorder.lost).toEqual({ streams: 0, steps: 0 });
  });

  it('writes a batch once although the answer to the first attempt was lost', async () => {
    const { database } = folder;
    const append = database.append.bind(database);
    jest.spyOn(database, 'append').mockImplementationOnce(async (work) => {
      await append(work);
      throw new AppError('storage_failed', 'The thread has ended.');
    });
    recorder.sample();
    await recorder.writeIfDue();
    await recorder.refresh();
    await recorder.onApplicationShutdown();
    expect(await recorder.store.listSeries(3, 3600, 3600, 0, 1e11)).toMatchObject([{ samples: 1 }]);
  });

  it('forgets everything on request', async () => {
    recorder.sample();
    await play('a');
    await recorder.writeIfDue();
    await play('b');
    recorder.sample();
    await recorder.clear();
    await recorder.refresh();
    expect(await ids()).toEqual([]);
    expect(recorder.listRecent('viewers')).toEqual([]);
  });

  it('deletes what is older than HISTORY_DAYS', async () => {
    await play('a');
    await recorder.writeIfDue();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 366 * 86_400_000);
    await recorder.prune(null);
    expect(await ids()).toEqual([]);
  });
});
