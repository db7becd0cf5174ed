import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { Jobs } from '../../coordination';
import type { OutboundRequests } from '../../outbound';
import { ChannelImportStore, DataFolder, type StoredImport } from '../../storage';
import { ChannelDirectory } from '../channel-directory';
import { ChannelImports } from './channel-imports';

const MINUTE_MS = 60_000;
const SETTINGS = {
  name: 'List',
  url: 'http://x',
  refreshIntervalMs: 60 * MINUTE_MS,
  isEnabled: true,
};

describe('ChannelImports', () => {
  let path: string;
  let folder: DataFolder;
  let directory: ChannelDirectory;
  let imports: ChannelImports;
  let fetched: number;
  let status: number;
  let nowMs: number;
  /** Holds up every fetch until it is called. */
  let proceed: () => void;
  let held: Promise<void>;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'channel-imports-'));
    folder = new DataFolder(path);
    await folder.open();
    directory = await ChannelDirectory.open(null, folder);
    [fetched, status, nowMs] = [0, 200, Date.now()];
    held = Promise.resolve();
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    const get = async (): Promise<object> => {
      fetched += 1;
      await held;
      return { status, headers: {}, body: Readable.from([Buffer.from('a'.repeat(40))]) };
    };
    const jobs = { every: () => undefined } as unknown as Jobs;
    imports = new ChannelImports(folder, directory, { get } as unknown as OutboundRequests, jobs);
    await imports.onModuleInit();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await imports.onModuleDestroy();
    await folder.close();
    rmSync(path, { recursive: true, force: true });
  });

  function hold(): void {
    held = new Promise((resolve) => (proceed = resolve));
  }

  /** The imports on the disk. */
  async function stored(): Promise<readonly StoredImport[]> {
    const store = new ChannelImportStore(folder);
    return store.list();
  }

  async function fetchesAfter(minutes: number): Promise<number> {
    nowMs += minutes * MINUTE_MS;
    fetched = 0;
    await imports.refreshDue();
    return fetched;
  }

  it('fetches a list at once, after each interval, and sooner after a failure', async () => {
    const { id } = await imports.create(SETTINGS);
    await imports.refresh(id, { isDryRun: false });
    expect([fetched, imports.get(id).state]).toEqual([1, 'ok']);
    expect(await fetchesAfter(59)).toBe(0);
    status = 503;
    expect(await fetchesAfter(1)).toBe(1);
    expect(imports.get(id)).toMatchObject({ state: 'failed', error: { code: 'outbound_failed' } });
    expect(await fetchesAfter(14)).toBe(0);
    status = 200;
    expect(await fetchesAfter(1)).toBe(1);
    expect(imports.get(id)).toMatchObject({ state: 'ok', error: null, channels: 1 });
    await imports.change(id, { isEnabled: false });
    expect(await fetchesAfter(1000)).toBe(0);
  });

  it('shares one refresh among those who ask for it at the same time', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    hold();
    const both = [1, 2].map(() => imports.refresh(id, { isDryRun: false }));
    expect(imports.get(id).state).toBe('refreshing');
    proceed();
    const [one, other] = await Promise.all(both);
    expect(one).toBe(other);
    expect(fetched).toBe(1);
  });

  it('imports nothing when the import is removed while its list is fetched', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    hold();
    const refresh = imports.refresh(id, { isDryRun: false });
    await imports.remove(id);
    proceed();
    await expect(refresh).rejects.toMatchObject({ code: 'not_found' });
    expect(directory.list()).toEqual([]);
    expect(imports.list()).toEqual([]);
  });

  it('keeps the id of a removed import until its list is no longer fetched', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    hold();
    const refresh = imports.refresh(id, { isDryRun: false });
    await imports.remove(id);
    const next = await imports.create({ ...SETTINGS, isEnabled: false });
    proceed();
    await expect(refresh).rejects.toMatchObject({ code: 'not_found' });
    expect(next.id).not.toBe(id);
    expect(imports.get(next.id).channels).toBe(0);
  });

  it('writes each of several changes at the same time', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    await Promise.all([
      imports.change(id, { name: 'Other' }),
      imports.change(id, { refreshIntervalMs: MINUTE_MS }),
    ]);
    const changed = { name: 'Other', refreshIntervalMs: MINUTE_MS };
    expect(imports.get(id)).toMatchObject(changed);
    expect(await stored()).toMatchObject([changed]);
  });

  it('creates an import only after the removal of one with the same id', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    const removal = imports.remove(id);
    const { id: next } = await imports.create({ ...SETTINGS, isEnabled: false });
    await removal;
    await imports.refresh(next, { isDryRun: false });
    expect(imports.get(next).channels).toBe(1);
    expect(await stored()).toMatchObject([{ id: next }]);
  });

  it('keeps both imports if one is created while the removal of another fails', async () => {
    const { id } = await imports.create({ ...SETTINGS, isEnabled: false });
    jest.spyOn(directory, 'removeImport').mockRejectedValueOnce(new Error('disk full'));
    const removal = imports.remove(id);
    const [failed, created] = await Promise.allSettled([
      removal,
      imports.create({ ...SETTINGS, isEnabled: false }),
    ]);
    expect([failed.status, created.status]).toEqual(['rejected', 'fulfilled']);
    expect(imports.list()).toHaveLength(2);
    expect(await stored()).toHaveLength(2);
  });

  it('replaces a sent list by others that are sent at the same time with its name', async () => {
    const send = () =>
      imports.importText('Sent', Readable.from([Buffer.from('a'.repeat(40))]), { isDryRun: false });
    const results = await Promise.all([send(), send()]);
    expect(new Set(results.map(({ importId }) => importId)).size).toBe(1);
    expect(imports.list()).toHaveLength(1);
  });
});
