import { readPlaylistQuery } from './playlist-query';

it.each<[string, object]>([
  ['', {}],
  ['?', {}],
  ['?format=hls', { format: 'hls' }],
  ['?group=b&group=a%20%26+c&group=b&x=1&x=2', { groups: ['a & c', 'b'] }],
  ['?alive=1', { isAliveOnly: true }],
  ['?alive=0', {}],
  ['?profile=kids&&format=hls', { format: 'hls', profile: 'kids' }],
  ['?GROUP=x&Format=z', {}],
])('reads %s', (query, expected) => {
  expect(readPlaylistQuery({ raw: {} as never, url: `/playlist.m3u${query}` })).toEqual({
    ...PLAIN,
    ...expected,
  });
});

const PLAIN = { groups: [], format: 'ts', isAliveOnly: false, profile: null };

it.each([
  '?format=',
  '?format=m3u8',
  '?format=ts&format=ts',
  '?alive=',
  '?alive=yes',
  '?group=',
  '?group=%',
  '?x=%zz',
  '?profile=a&profile=b',
])('refuses %s', (query) => {
  expect(() => readPlaylistQuery({ raw: {} as never, url: `/playlist.m3u${query}` })).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});
