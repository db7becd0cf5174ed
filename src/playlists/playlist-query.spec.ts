import { readPlaylistQuery, type PlaylistQuery } from './playlist-query';

it.each<[string, PlaylistQuery]>([
  ['', { groups: [], format: 'ts', isAliveOnly: false }],
  ['?', { groups: [], format: 'ts', isAliveOnly: false }],
  ['?format=hls', { groups: [], format: 'hls', isAliveOnly: false }],
  [
    '?group=b&group=a%20%26+c&group=b&x=1&x=2',
    { groups: ['a & c', 'b'], format: 'ts', isAliveOnly: false },
  ],
  ['?alive=1', { groups: [], format: 'ts', isAliveOnly: true }],
  ['?alive=0', { groups: [], format: 'ts', isAliveOnly: false }],
  ['?GROUP=x&Format=z', { groups: [], format: 'ts', isAliveOnly: false }],
])('reads %s', (query, expected) => {
  expect(readPlaylistQuery(`/playlist.m3u${query}`)).toEqual(expected);
});

it.each([
  '?format=',
  '?format=m3u8',
  '?format=ts&format=ts',
  '?alive=',
  '?alive=yes',
  '?group=',
  '?group=%',
  '?x=%zz',
])('refuses %s', (query) => {
  expect(() => readPlaylistQuery(`/playlist.m3u${query}`)).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});
