import 'reflect-metadata';
import { gunzipSync } from 'node:zlib';
import type { GuideSources } from '../guide';
import type { ChannelDirectory, ChannelLiveness, ListedChannel } from '../channels';
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

const addresses = async (playlists: Playlists, ...groups: string[]): Promise<string[]> => {
  const { body } = await playlists.get('http://tv', { ...ALL, groups, format: 'hls' });
  return body.toString().match(/(?<=channel=).*$/gm) ?? [];
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
  const tags = [first, ...others].flatMap(({ etags }) => [etags.plain, etags.gzip]);
  expect(new Set(tags).size).toBe(8);
  channels.push(channel(2));
  change();
  const second = await playlists.get('http://tv', ALL);
  expect(second.body.toString()).toContain('Channel 2');
  expect(second.etags.plain).not.toBe(first.etags.plain);
  channels.pop();
  change();
  expect((await playlists.get('http://tv', ALL)).etags).toEqual(first.etags);
});

it('contains the channels of the requested groups or profile', async () => {
  const { playlists } = open([channel(1, 'a'), channel(2), channel(3, 'b'), channel(4, 'a')]);
  expect(await addresses(playlists)).toEqual(['c1', 'c2', 'c3', 'c4']);
  expect(await addresses(playlists, 'a')).toEqual(['c1', 'c4']);
  expect(await addresses(playlists, 'a', 'b')).toEqual(['c1', 'c3', 'c4']);
  expect(await addresses(playlists, 'A')).toEqual([]);
  const ofKids = await playlists.get('http://tv', { ...ALL, profile: 'kids' });
  expect(ofKids.body.toString().match(/(?<=channel=).*$/gm)).toEqual(['c1', 'c3']);
});

it('is compressed once', async () => {
  const { playlists } = open([channel(1)]);
  const playlist = await playlists.get('http://tv', ALL);
  const compressed = await playlist.gzipped();
  expect(await playlist.gzipped()).toBe(compressed);
  expect(gunzipSync(compressed)).toEqual(playlist.body);
});

it('renders once for requests at the same time, and is not kept if a channel changes meanwhile', async () => {
  const channels = [channel(1)];
  const { playlists, change } = open(channels);
  const both = [playlists.get('http://tv', ALL), playlists.get('http://tv', ALL)];
  channels.push(channel(2));
  change();
  const [one, other] = await Promise.all(both);
  expect(one).toBe(other);
  expect((await playlists.get('http://tv', ALL)).body.toString()).toContain('Channel 2');
});

it('leaves dead channels out if that is requested, and is rendered again when a channel dies', async () => {
  const deaths = new Deaths();
  const { playlists } = open([channel(1), channel(2)], deaths);
  const alive = { ...ALL, isAliveOnly: true };
  const [all, before] = await Promise.all([
    playlists.get('http://tv', ALL),
    playlists.get('http://tv', alive),
  ]);
  expect(before.body).toEqual(all.body);
  deaths.add('c1');
  deaths.revision += 1;
  const after = await playlists.get('http://tv', alive);
  expect(after.body.toString()).not.toContain('Channel 1');
  expect(after.etags.plain).not.toBe(before.etags.plain);
  expect(await playlists.get('http://tv', alive)).toBe(after);
  expect(await playlists.get('http://tv', ALL)).toBe(all);
});
