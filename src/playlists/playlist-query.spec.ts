import { readPlaylistQuery, type PlaylistQuery } from './playlist-query';

it.each<[string, PlaylistQuery]>([
  ['', { groups: [], format: 'ts' }],
  ['?', { groups: [], format: 'ts' }],
  ['?format=hls', { groups: [], format: 'hls' }],
  ['?group=b&group=a%20%26+c&group=b&x=1&x=2', { groups: ['a & c', 'b'], format: 'ts' }],
  ['?GROUP=x&Format=z', { groups: [], format: 'ts' }],
])('reads %s', (query, expected) => {
  expect(readPlaylistQuery(`/playlist.m3u${query}`)).toEqual(expected);
});

it.each(['?format=', '?format=m3u8', '?format=ts&format=ts', '?group=', '?group=%', '?x=%zz'])(
  'refuses %s',
  (query) => {
    expect(() => readPlaylistQuery(`/playlist.m3u${query}`)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  },
);
