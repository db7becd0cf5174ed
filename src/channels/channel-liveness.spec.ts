import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { ChannelDirectory } from './channel-directory';
import { ChannelLiveness } from './channel-liveness';
import { SourceRecords } from './source-records';

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)].map((id) => ({
  kind: 'content_id' as const,
  id,
  label: null,
}));

let path: string;
let folder: DataFolder;
let channels: ChannelDirectory;
let records: SourceRecords;
let liveness: ChannelLiveness;
let changes: string[];

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'acefleet-liveness-'));
  folder = new DataFolder(path);
  await folder.open();
  channels = await ChannelDirectory.open(null, folder);
  records = new SourceRecords();
  liveness = new ChannelLiveness(channels, records);
  changes = [];
  liveness.onChange((id, isDead) => changes.push(`${id} ${isDead ? 'died' : 'came back'}`));
});

afterEach(async () => {
  await folder.close();
  rmSync(path, { recursive: true, force: true });
});

async function put(id: string, ...sources: (typeof A)[]): Promise<void> {
  const listed = sources.flatMap((source) => source ?? []);
  const unlisted = { group: null, logo: null, tvgId: null, isHidden: false };
  await channels.put({ id, name: id, sources: listed, ...unlisted });
}

describe('ChannelLiveness', () => {
  it('counts a channel as dead while the content of each source has failed', async () => {
    await put('news', A, B);
    liveness.onApplicationBootstrap();
    records.failed(A!, 'content_not_found', true);
    records.failed(B!, 'engine_failed', false);
    expect(liveness.isDead('news')).toBe(false);
    records.failed(B!, 'start_timeout', true);
    expect(liveness.isDead('news')).toBe(true);
    records.started(A!, 100);
    expect(liveness.isDead('news')).toBe(false);
    expect(changes).toEqual(['news died', 'news came back']);
    expect(liveness.revision).toBe(3);
  });

  it('follows changes of the list, and forgets removed channels', async () => {
    await put('news', A);
    await put('sport', A);
    records.failed(A!, 'start_timeout', true);
    liveness.onApplicationBootstrap();
    expect(liveness.deadCount).toBe(2);
    await put('news', A, B);
    await channels.remove('sport');
    expect(liveness.deadCount).toBe(0);
    expect(changes).toEqual(['news came back']);
    await put('sport', B);
    records.failed(B!, 'start_timeout', true);
    expect(changes).toEqual(['news came back', 'news died', 'sport died']);
  });
});
