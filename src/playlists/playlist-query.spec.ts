import { readPlaylistQuery, type PlaylistQuery } from './playlist-query';

it.each<[string, PlaylistQuery]>([
  ['', { groups: [], format: 'ts', profile: null }],
  ['?', { groups: [], format: 'ts', profile: null }],
  ['?format=hls', { groups: [], format: 'hls', profile: null }],
  [
    '?group=b&group=a%20%26+c&group=b&x=1&x=2',
    { groups: ['a & c', 'b'], format: 'ts', profile: null },
  ],
  ['?profile=kids&&format=hls', { groups: [], format: 'hls', profile: 'kids' }],
  ['?GROUP=x&Format=z', { groups: [], format: 'ts', profile: null }],
])('reads %s', (query, expected) => {
  expect(readPlaylistQuery(`/playlist.m3u${query}`)).toEqual(expected);
});

it.each([
  '?format=',
  '?format=m3u8',
  '?format=ts&format=ts',
  '?group=',
  '?group=%',
  '?x=%zz',
  '?profile=a&profile=b',
])('refuses %s', (query) => {
  expect(() => readPlaylistQuery(`/playlist.m3u${query}`)).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});
