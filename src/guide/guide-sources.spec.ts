import 'reflect-metadata';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { reduceGuide } from './fetch-guide';
import { type GuideSource, MAX_SOURCES, NO_STATE } from './guide-source';
import { GuideSources } from './guide-sources';

const SOURCE = { name: 'a', url: 'http://a/', refreshIntervalS: 3600, isEnabled: true };

describe('GuideSources', () => {
  let dataDir: string;
  let folder: DataFolder;
  let sources: GuideSources;

  const open = async (): Promise<void> => {
    folder = new DataFolder(dataDir);
    await folder.open();
    sources = new GuideSources(folder);
    await sources.onModuleInit();
  };

  const close = async (): Promise<void> => {
    await sources.onModuleDestroy();
    await folder.close();
  };

  /** The sources that remain after a restart. */
  const restarted = async (): Promise<GuideSource[]> => {
    await close();
    await open();
    return sources.list();
  };

  async function draftFor(id: string): Promise<string> {
    const draft = await sources.draftPath(id);
    const text = '<tv><programme start="20261130180000" channel="one"/></tv>';
    async function* guide(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from(text));
    }
    await reduceGuide(guide(), [{ tvgId: 'one', names: [] }], draft);
    return draft;
  }

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-guide-'));
    await open();
  });

  afterEach(async () => {
    await close();
    rmSync(dataDir, { recursive: true });
  });

  it('keeps both of two changes at the same time', async () => {
    const { id } = await sources.create(SOURCE);
    await Promise.all([
      sources.update(id, { name: 'b' }),
      sources.update(id, { refreshIntervalS: 7200 }),
    ]);
    const changed = { ...SOURCE, id, name: 'b', refreshIntervalS: 7200 };
    expect(sources.list()).toEqual([changed]);
    expect(await restarted()).toEqual([changed]);
  });

  it('does not bring a source back by a change during its removal', async () => {
    const { id } = await sources.create(SOURCE);
    const removed = sources.remove(id);
    await expect(sources.update(id, { name: 'b' })).rejects.toMatchObject({ code: 'not_found' });
    await removed;
    expect(await restarted()).toEqual([]);
  });

  it('has a limit, whenever sources are created', async () => {
    const created = await Promise.allSettled(
      Array.from({ length: MAX_SOURCES + 3 }, () => sources.create(SOURCE)),
    );
    expect(created.filter(({ status }) => status === 'rejected')).toHaveLength(3);
    expect(sources.list()).toHaveLength(MAX_SOURCES);
  });

  it('does not keep a guide that arrives while its source is removed', async () => {
    const source = await sources.create(SOURCE);
    const draft = await draftFor(source.id);
    const [, kept] = await Promise.all([
      sources.remove(source.id),
      sources.replaceGuide(source, draft, NO_STATE),
    ]);
    expect([kept, sources.list(), sources.files()]).toEqual([false, [], []]);
    expect(readdirSync(sources.folder)).toEqual([expect.stringMatching(/\.tmp$/)]);
  });

  it('removes and changes a source while its guide is replaced', async () => {
    const source = await sources.create(SOURCE);
    const replaced = sources.replaceGuide(source, await draftFor(source.id), NO_STATE);
    await sources.update(source.id, { name: 'b' });
    expect([await replaced, sources.list()[0]?.name, sources.files().length]).toEqual([
      ...[true, 'b', 1],
    ]);
    const changed = sources.get(source.id);
    const again = sources.replaceGuide(changed, await draftFor(source.id), NO_STATE);
    await sources.remove(source.id);
    expect([await again, sources.list(), sources.files()]).toEqual([true, [], []]);
    expect(readdirSync(sources.folder)).toEqual([]);
  });
});
