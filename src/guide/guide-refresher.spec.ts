import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ChannelDirectory } from '../channels';
import type { Job, JobName, JobOptions, Jobs } from '../coordination';
import { DataFolder } from '../storage';
import { reduceGuide } from './fetch-guide';
import { GuidePrograms } from './guide-programs';
import { GuideRefresher } from './guide-refresher';
import { GuideSources } from './guide-sources';
import { type RenderedGuide, RenderedGuides } from './rendered-guides';

/** Jobs that the test runs itself. */
class ManualJobs {
  readonly waiting = new Map<string, { readonly job: Job; readonly delayMs: number }>();

  schedule(job: Job, { delayMs }: JobOptions): void {
    this.waiting.set(`${job.name} ${job.id}`, { job, delayMs });
  }

  cancel(name: JobName, id: string): void {
    this.waiting.delete(`${name} ${id}`);
  }

  delayOf(name: JobName): number | undefined {
    return [...this.waiting.values()].find(({ job }) => job.name === name)?.delayMs;
  }
}

const guide = (...ids: string[]): string =>
  `<tv>${ids
    .map((id) => `<programme start="20261130180000" channel="${id}"><title>T</title></programme>`)
    .join('')}</tv>`;

describe('GuideRefresher', () => {
  let dataDir: string;
  let server: Server;
  let requests: IncomingMessage[];
  let answer: (response: ServerResponse) => void;
  let folder: DataFolder;
  let channels: ChannelDirectory;
  let sources: GuideSources;
  let guides: RenderedGuides;
  let jobs: ManualJobs;
  let refresher: GuideRefresher;
  const { signal } = new AbortController();

  const url = (path = '/guide.xml'): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  const open = async (): Promise<void> => {
    folder = new DataFolder(dataDir);
    await folder.open();
    channels = await ChannelDirectory.open(null, folder);
    sources = new GuideSources(folder);
    guides = new RenderedGuides(sources);
    jobs = new ManualJobs();
    refresher = new GuideRefresher(
      { outboundAllow: [{ host: '127.0.0.1', bits: null, port: null }] },
      ...([sources, channels, guides, jobs as unknown as Jobs, { list: () => [] }] as const),
    );
    await sources.onModuleInit();
    await refresher.onApplicationBootstrap();
  };

  const close = async (): Promise<void> => {
    guides.onModuleDestroy();
    await sources.onModuleDestroy();
    await folder.close();
  };

  const addChannel = (id: string, tvgId: string | null): Promise<boolean> =>
    channels.put({
      ...{ id, name: id, group: null, logo: null, tvgId, isHidden: false },
      sources: [{ kind: 'content_id', id: 'a'.repeat(40), label: null }],
    });

  async function addSource(name = 'test', path = '/guide.xml'): Promise<string> {
    const source = { name, url: url(path), refreshIntervalS: 3600, isEnabled: true };
    const { id } = await sources.create(source);
    refresher.sourceChanged(id);
    return id;
  }

  const refresh = (sourceId: string): Promise<void> => refresher.refresh({ sourceId }, signal);

  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-guide-'));
    requests = [];
    answer = (response) => response.setHeader('ETag', '"1"').end(guide('one', 'two'));
    server = createServer((request, response) => {
      requests.push(request);
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else answer(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open();
    await addChannel('one', 'one');
  });

  afterEach(async () => {
    await close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('fetches a new source at once, then at its interval, and only what has changed', async () => {
    const id = await addSource();
    expect(jobs.delayOf('guide.refresh')).toBe(0);
    await refresh(id);
    expect(sources.stateOf(id)).toMatchObject({ channels: 1, programmes: 1, fault: null });
    expect(jobs.delayOf('guide.refresh')).toBe(3_600_000);
    const { fetchedAt } = sources.stateOf(id);
    await refresh(id);
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"']);
    expect(sources.stateOf(id)).toMatchObject({ channels: 1, fetchedAt, fault: null });
  });

  it('fetches again if the ids of the channels have changed, and not for other changes', async () => {
    const id = await addSource();
    await refresh(id);
    jobs.waiting.clear();
    await addChannel('without', null);
    expect(jobs.delayOf('guide.channels')).toBe(10_000);
    refresher.checkChannels();
    expect(jobs.delayOf('guide.refresh')).toBeUndefined();
    await addChannel('two', 'two');
    refresher.checkChannels();
    expect(jobs.delayOf('guide.refresh')).toBe(0);
    await refresh(id);
    // The server would have said that nothing has changed.
    expect(requests[1]?.headers['if-none-match']).toBeUndefined();
    expect(sources.stateOf(id).channels).toBe(2);
  });

  it('fetches again if the channels have changed during a fetch', async () => {
    const id = await addSource();
    answer = (response) => void addChannel('two', 'two').then(() => response.end(guide('one')));
    await refresh(id);
    expect(jobs.delayOf('guide.refresh')).toBe(10_000);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['guide_status', (response) => response.writeHead(500).end('secret')],
    ['guide_invalid', (response) => response.end('<html>secret</html>')],
    ['outbound_failed', (response) => response.destroy()],
    [
      'outbound_refused',
      (response) => response.writeHead(302, { location: 'http://[::1]/' }).end(),
    ],
  ])('keeps the last good guide after %s, and tries again soon', async (code, fails) => {
    const id = await addSource();
    await refresh(id);
    const before = sources.files()[0]?.id;
    await addChannel('two', 'two');
    answer = fails;
    await sources.update(id, { refreshIntervalS: 86_400 });
    await refresh(id);
    const { fault, channels: count } = sources.stateOf(id);
    expect([fault?.code, count, sources.files()[0]?.id]).toEqual([code, 1, before]);
    expect(fault?.detail).not.toContain('secret');
    expect(jobs.delayOf('guide.refresh')).toBe(1_800_000);
    expect(readdirSync(join(dataDir, 'guide')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('drops what it has fetched if the address was changed meanwhile', async () => {
    const id = await addSource();
    answer = (response) => {
      void sources.update(id, { url: url('/other') }).then(() => response.end(guide('one')));
    };
    await refresh(id);
    answer = (response) => response.end(guide('one'));
    expect(sources.stateOf(id).fetchedAt).toBeNull();
    expect(jobs.delayOf('guide.refresh')).toBe(0);
    await refresh(id);
    expect(requests[1]?.url).toBe('/other');
    expect(sources.stateOf(id).channels).toBe(1);
  });

  it('ends without a trace if the source was removed meanwhile', async () => {
    const id = await addSource();
    answer = (response) => {
      void sources.remove(id).then(() => {
        refresher.forget(id);
        response.end(guide('one'));
      });
    };
    await refresh(id);
    expect([sources.list(), [...jobs.waiting.keys()]]).toEqual([[], []]);
    expect(readdirSync(join(dataDir, 'guide'))).toEqual([]);
  });

  it('does not fetch a source that is switched off, and its guide is not used', async () => {
    const id = await addSource();
    await refresh(id);
    await sources.update(id, { isEnabled: false });
    refresher.sourceChanged(id);
    expect(jobs.delayOf('guide.refresh')).toBeUndefined();
    expect([sources.hasEnabled, sources.files()]).toEqual([false, []]);
  });

  it('continues after a restart, and fetches again if the guide is missing', async () => {
    const id = await addSource();
    await refresh(id);
    const { key } = await guides.get(channels.listVisible(), null);
    await close();
    await open();
    expect(sources.stateOf(id)).toMatchObject({ channels: 1, programmes: 1 });
    expect(jobs.delayOf('guide.refresh')).toBeGreaterThan(3_500_000);
    expect((await guides.get(channels.listVisible(), null)).key).toBe(key);
    await close();
    rmSync(join(dataDir, 'guide'), { recursive: true });
    await open();
    expect(sources.stateOf(id).fetchedAt).toBeNull();
    expect(jobs.delayOf('guide.refresh')).toBe(5000);
    await refresh(id);
    expect(requests[1]?.headers['if-none-match']).toBeUndefined();
    expect(sources.files()).toHaveLength(1);
  });

  it('writes the ids of channels as playlists do', async () => {
    await addChannel('quote', 'the "one"');
    answer = (response) => response.end(guide('the &quot;One&quot;'));
    await refresh(await addSource());
    const { path } = await guides.get(channels.listVisible(), null);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(`<channel id="the 'one'">`);
    expect(text).toContain(`channel="the 'one'"`);
    const programs = new GuidePrograms(sources);
    expect(await programs.of('the "one"', 0, 1)).toMatchObject([{ title: 'T' }]);
  });

  it('keeps the last guide of each profile, and renders one at a time', async () => {
    const id = await addSource();
    await refresh(id);
    const [channel] = channels.listVisible();
    const get = (profile: string, name: string): Promise<RenderedGuide> =>
      guides.get([{ ...channel!, name }], profile);
    const files = (): string[] =>
      readdirSync(join(dataDir, 'guide')).filter((name) => name.startsWith('epg-'));
    const profiles = Array.from({ length: 30 }, (_, i) => `profile ${i}`);
    const all = Promise.all(profiles.map((profile) => get(profile, profile)));
    const isOver = all.then(() => true);
    let drafts = 0;
    do drafts = Math.max(drafts, files().filter((name) => name.endsWith('.tmp')).length);
    while (!(await Promise.race([isOver, nextTurn(false)])));
    expect(drafts).toBe(2);
    // Profiles and the guide of all channels, which the refresh has rendered.
    expect(files()).toHaveLength(2 * 31);
    for (const { path, gzipPath } of await all) {
      expect(readdirSync(join(dataDir, 'guide'))).toEqual(
        expect.arrayContaining([basename(path), basename(gzipPath)]),
      );
    }
    await get('profile 0', 'another name');
    await get('profile 1', 'yet another name');
    expect(files()).toHaveLength(2 * 31);
  });

  it('removes the guide of a profile that is removed, unless another profile needs it', async () => {
    await refresh(await addSource());
    const [channel] = channels.listVisible();
    const get = (profile: string, name: string): Promise<RenderedGuide> =>
      guides.get([{ ...channel!, name }], profile);
    const own = await get('kids', 'kids');
    const shared = await get('news', 'same');
    await get('sport', 'same');
    await Promise.all(['kids', 'news', 'none'].map((profile) => guides.forget(profile)));
    const files = readdirSync(join(dataDir, 'guide'));
    expect(files).not.toContain(basename(own.path));
    expect(files).not.toContain(basename(own.gzipPath));
    expect(files).toEqual(
      expect.arrayContaining([basename(shared.path), basename(shared.gzipPath)]),
    );
  });

  it('removes the drafts of a thread that has failed', async () => {
    await refresh(await addSource());
    writeFileSync(join(dataDir, 'guide', 'epg-abc.xml.gz.tmp'), '');
    const [channel] = channels.listVisible();
    await guides.get([{ ...channel!, name: 'x' }], null);
    expect(readdirSync(join(dataDir, 'guide')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('renders the guide again if a source is replaced meanwhile', async () => {
    const id = await addSource();
    await refresh(id);
    const drafts = [await sources.draftPath(id), await sources.draftPath(id)] as const;
    for (const draft of drafts) {
      const wanted = [{ tvgId: 'one', names: [] }];
      await reduceGuide(Readable.from([Buffer.from(guide('one', 'one'))]), wanted, draft);
    }
    // The file is the next one already, but this is not known yet.
    renameSync(drafts[0], join(dataDir, 'guide', `${id}.guide`));
    const [channel] = channels.listVisible();
    const get = (): Promise<RenderedGuide> => guides.get([{ ...channel!, name: 'x' }], null);
    const [{ key, path }] = await Promise.all([
      get(),
      sources.replaceGuide(sources.get(id), drafts[1], sources.stateOf(id)),
    ]);
    expect(readFileSync(path, 'utf8').split('<programme')).toHaveLength(3);
    expect((await get()).key).toBe(key);
  });
});
