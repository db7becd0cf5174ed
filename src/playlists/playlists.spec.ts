import 'reflect-metadata';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { GuideSources } from '../guide';
import type { ChannelDirectory, ChannelLiveness, ListedChannel } from '../channels';
import type { Playlist } from './playlist';
import { Playlists } from './playlists';
import type { Profile } from './profiles/profile';
import type { Profiles } from './profiles/profiles';

const channel = (number: number, group: string | null = null): ListedChannel => ({
  id: `c${number}`,
  number,
  name: `Channel ${number}`,
  group,
  logo: null,
  tvgId: null,
  isHidden: false,
  origin: 'api',
  sources: [],
});
const guide = { hasEnabled: false, onChange: () => undefined } as unknown as GuideSources;
const ALL = { groups: [], format: 'ts', isAliveOnly: false, profile: null } as const;

const KIDS: Profile = {
  name: 'kids',
  rule: {
    includedGroups: ['a'],
    excludedGroups: [],
    includedChannels: ['c3'],
    excludedChannels: ['c4'],
  },
  deviceId: '1038BD6A',
};

/** The channels that are dead. */
class Deaths extends Set<string> {
  revision = 0;

  isDead(id: string): boolean {
    return this.has(id);
  }
}

function open(
  channels: ListedChannel[],
  deaths = new Deaths(),
): { playlists: Playlists; change: () => void } {
  let change = (): void => undefined;
  const directory = {
    listVisible: () => channels,
    onChange: (listener: () => void) => (change = listener),
  } as unknown as ChannelDirectory;
  const liveness = deaths as unknown as ChannelLiveness;
  const profiles = {
    resolve: (name: string | null) => (name === null ? null : KIDS),
    onChange: () => undefined,
  } as unknown as Profiles;
  return { playlists: new Playlists(directory, profiles, liveness, guide), change: () => change() };
}

async function bodyOf(playlist: Playlist, isGzip = false): Promise<Buffer> {
  const { stream } = await playlist.content(isGzip);
  return buffer(stream());
}

const addresses = async (playlists: Playlists, ...groups: string[]): Promise<string[]> => {
  const playlist = await playlists.get('http://tv', { ...ALL, groups, format: 'hls' });
  return (await bodyOf(playlist)).toString().match(/(?<=channel=).*$/gm) ?? [];
};

it('renders a playlist again only if a channel has changed, or for another address or query', async () => {
  const channels = [channel(1)];
  const { playlists, change } = open(channels);
  const first = await playlists.get('http://tv', ALL);
  expect(await playlists.get('http://tv', ALL)).toBe(first);
  const others = await Promise.all([
    playlists.get('https://tv', ALL),
    playlists.get('http://tv', { ...ALL, format: 'hls' }),
    playlists.get('http://tv', { ...ALL, groups: ['x'] }),
  ]);
  expect(new Set([first, ...others].map(({ key }) => key)).size).toBe(4);
  channels.push(channel(2));
  change();
  const second = await playlists.get('http://tv', ALL);
  expect((await bodyOf(second)).toString()).toContain('Channel 2');
  expect(second.key).not.toBe(first.key);
  channels.pop();
  change();
  expect((await playlists.get('http://tv', ALL)).key).toBe(first.key);
});

it('contains the channels of the requested groups or profile', async () => {
  const { playlists } = open([channel(1, 'a'), channel(2), channel(3, 'b'), channel(4, 'a')]);
  expect(await addresses(playlists)).toEqual(['c1', 'c2', 'c3', 'c4']);
  expect(await addresses(playlists, 'a')).toEqual(['c1', 'c4']);
  expect(await addresses(playlists, 'a', 'b')).toEqual(['c1', 'c3', 'c4']);
  expect(await addresses(playlists, 'A')).toEqual([]);
  const ofKids = await playlists.get('http://tv', { ...ALL, profile: 'kids' });
  expect((await bodyOf(ofKids)).toString().match(/(?<=channel=).*$/gm)).toEqual(['c1', 'c3']);
});

it('is rendered and compressed once, also for clients that read it at the same time', async () => {
  const channels = Array.from({ length: 1200 }, (_, i) => channel(i + 1));
  const { playlists } = open(channels);
  const playlist = await playlists.get('http://tv', ALL);
  const name = jest.fn(() => 'Channel 1');
  Object.defineProperty(channels[0], 'name', { get: name });
  const [plain, compressed, ...others] = await Promise.all([
    bodyOf(playlist),
    bodyOf(playlist, true),
    bodyOf(playlist),
    bodyOf(playlist, true),
  ]);
  expect(plain.toString().match(/^#EXTINF/gm)).toHaveLength(1200);
  expect(gunzipSync(compressed)).toEqual(plain);
  expect(others).toEqual([plain, compressed]);
  expect(name).toHaveBeenCalledTimes(1);
});

it('is sent from its first channels on, and with its length once that is known', async () => {
  const { playlists } = open(Array.from({ length: 1200 }, (_, i) => channel(i + 1)));
  const playlist = await playlists.get('http://tv', ALL);
  const first = await playlist.content(false);
  expect(first.size).toBeNull();
  const { length } = await bodyOf(playlist);
  expect((await playlist.content(false)).size).toBe(length);
  const short = await open([channel(1)]).playlists.get('http://tv', ALL);
  const { size } = await short.content(false);
  expect(size).toBe((await bodyOf(short)).length);
});

it('renders once for requests at the same time, and is not kept if a channel changes meanwhile', async () => {
  const channels = [channel(1)];
  const { playlists, change } = open(channels);
  const both = [playlists.get('http://tv', ALL), playlists.get('http://tv', ALL)];
  channels.push(channel(2));
  change();
  const [one, other] = await Promise.all(both);
  expect(one).toBe(other);
  const changed = await playlists.get('http://tv', ALL);
  expect((await bodyOf(changed)).toString()).toContain('Channel 2');
});

it('leaves dead channels out if that is requested, and is rendered again when a channel dies', async () => {
  const deaths = new Deaths();
  const { playlists } = open([channel(1), channel(2)], deaths);
  const alive = { ...ALL, isAliveOnly: true };
  const [all, before] = await Promise.all([
    playlists.get('http://tv', ALL),
    playlists.get('http://tv', alive),
  ]);
  expect(await bodyOf(before)).toEqual(await bodyOf(all));
  deaths.add('c1');
  deaths.revision += 1;
  const after = await playlists.get('http://tv', alive);
  expect((await bodyOf(after)).toString()).not.toContain('Channel 1');
  expect(after.key).not.toBe(before.key);
  expect(await playlists.get('http://tv', alive)).toBe(after);
  expect(await playlists.get('http://tv', ALL)).toBe(all);
});
