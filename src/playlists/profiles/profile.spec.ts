import fc from 'fast-check';
import type { ListedChannel } from '../../channels';
import { channelsOf, type ProfileRule } from './profile';

const channel = (id: string, group: string | null): ListedChannel => ({
  id,
  number: 1,
  name: id,
  group,
  logo: null,
  tvgId: null,
  isHidden: false,
  origin: 'api',
  sources: [],
});
const CHANNELS = [channel('a', 'News'), channel('b', 'Sport'), channel('c', null)];
const NOTHING: ProfileRule = {
  includedGroups: [],
  excludedGroups: [],
  includedChannels: [],
  excludedChannels: [],
};

function ids(rule: Partial<ProfileRule>): string[] {
  const profile = { name: 'p', rule: { ...NOTHING, ...rule }, deviceId: '' };
  return channelsOf(profile, CHANNELS).map(({ id }) => id);
}

it.each<[string[], Partial<ProfileRule>]>([
  [['a', 'b', 'c'], {}],
  [['a'], { includedGroups: ['News', 'none'] }],
  [['b', 'c'], { excludedGroups: ['News'] }],
  [['a', 'c'], { includedGroups: ['News'], includedChannels: ['c'] }],
  [['a'], { excludedGroups: ['News', 'Sport'], includedChannels: ['a'] }],
  [['b'], { includedGroups: ['News', 'Sport'], excludedChannels: ['a'] }],
  [[], { includedChannels: ['a'], excludedChannels: ['a'] }],
])('has %j for %j', (expected, rule) => {
  expect(ids(rule)).toEqual(expected);
});

it('has no channel that it excludes, each channel that it only includes, and keeps the order', () => {
  const names = (values: string[]) => fc.subarray(values);
  const rule = fc.record({
    includedGroups: names(['News', 'Sport']),
    excludedGroups: names(['News', 'Sport']),
    includedChannels: names(['a', 'b', 'c']),
    excludedChannels: names(['a', 'b', 'c']),
  });
  fc.assert(
    fc.property(rule, (one) => {
      const found = ids(one);
      expect(found).toEqual([...found].sort());
      for (const id of one.excludedChannels) expect(found).not.toContain(id);
      for (const id of one.includedChannels) {
        if (!one.excludedChannels.includes(id)) expect(found).toContain(id);
      }
    }),
  );
});
