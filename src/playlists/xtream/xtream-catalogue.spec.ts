import type { ListedChannel } from '../../channels';
import { xtreamAccount } from './xtream-account';
import { XtreamCategories, xtreamStreams } from './xtream-catalogue';

function channel(number: number, group: string | null, more: object = {}): ListedChannel {
  return {
    id: `c${number}`,
    name: `Channel ${number}`,
    number,
    group,
    logo: null,
    tvgId: null,
    isHidden: false,
    origin: 'api',
    sources: [],
    ...more,
  };
}

describe('categories', () => {
  it('are the groups, and keep their ids when other groups come and go', () => {
    const before = new XtreamCategories([channel(1, 'News'), channel(2, 'Sport;News')]).list();
    expect(before.map((one) => one.category_name)).toEqual(['News', 'Sport']);
    const after = new XtreamCategories([channel(1, 'A'), channel(2, 'Sport'), channel(3, null)]);
    expect(after.list()).toContainEqual(before[1]);
    expect(after.list().at(-1)).toEqual({ category_id: '0', category_name: 'Other', parent_id: 0 });
  });

  it('have ids of their own, whatever the groups are called', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `Group ${i}`);
    const ids = new XtreamCategories(names.map((name, i) => channel(i + 1, name)))
      .list()
      .map((one) => one.category_id);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.every((id) => Number(id) > 0 && Number(id) < 2 ** 31)).toBe(true);
  });
});

it('lists the channels of all categories, or of one', () => {
  const channels = [
    channel(1, 'News', { tvgId: 'one.example', logo: 'http://logos.example/1.png' }),
    channel(2, 'Sport; News'),
    channel(3, null),
  ];
  const categories = new XtreamCategories(channels);
  const idOf = (name: string): string =>
    categories.list().find((one) => one.category_name === name)!.category_id;
  const numbers = (category: string | null): number[] =>
    xtreamStreams(channels, categories, category).map((stream) => stream.stream_id);
  expect(numbers(null)).toEqual([1, 2, 3]);
  expect(numbers(idOf('News'))).toEqual([1, 2]);
  expect(numbers(idOf('Sport'))).toEqual([2]);
  expect(numbers('0')).toEqual([3]);
  expect(numbers('banana')).toEqual([]);
  expect(xtreamStreams(channels, categories, null)[0]).toMatchObject({
    num: 1,
    name: 'Channel 1',
    stream_type: 'live',
    stream_icon: 'http://logos.example/1.png',
    epg_channel_id: 'one.example',
    category_id: idOf('News'),
    tv_archive: 0,
  });
});

it.each([
  ['http://tv.example', { url: 'tv.example', port: '80', server_protocol: 'http' }],
  ['http://10.0.0.1:8000', { url: '10.0.0.1', port: '8000', https_port: '443' }],
  ['https://tv.example', { port: '443', https_port: '443', server_protocol: 'https' }],
  ['https://tv.example:8443/tv', { url: 'tv.example', port: '8443', https_port: '8443' }],
])('describes the server at %s', (base, server) => {
  const user = {
    username: 'ann',
    password: 'secret',
    createdAtMs: 1000,
    expiresAtMs: null,
    maxStreams: 2,
    activeStreams: 1,
  };
  const account = xtreamAccount(user, base, Date.UTC(2026, 0, 2, 3, 4, 5));
  expect(account.server_info).toMatchObject({ ...server, time_now: '2026-01-02 03:04:05' });
  expect(account.user_info).toMatchObject({
    username: 'ann',
    password: 'secret',
    auth: 1,
    status: 'Active',
    exp_date: null,
    active_cons: '1',
    max_connections: '2',
  });
});
