import { splitXtreamAddress } from './xtream-address';

it.each([
  ['/live/ann/secret/12.ts', 'ann', 'secret', '/live/12.ts'],
  ['/live/ann/secret/12.m3u8?a=1', 'ann', 'secret', '/live/12.m3u8?a=1'],
  ['/ann/secret/12', 'ann', 'secret', '/live/12'],
  ['/live/api/secret/12.ts', 'api', 'secret', '/live/12.ts'],
  ['/a%20b/se%2Fcret/99999.ts', 'a b', 'se/cret', '/live/99999.ts'],
  ['/player_api.php?username=ann&password=a%26b', 'ann', 'a&b', '/player_api.php?'],
  [
    '/player_api.php?action=get_live_streams&password=p&category_id=5&username=ann',
    'ann',
    'p',
    '/player_api.php?action=get_live_streams&category_id=5',
  ],
  ['/get.php?username=ann&password=p&type=m3u_plus', 'ann', 'p', '/get.php?type=m3u_plus'],
  ['/xmltv.php?username=ann&password=p', 'ann', 'p', '/xmltv.php?'],
])('finds the credentials in %s', (url, username, password, rest) => {
  expect(splitXtreamAddress(url)).toEqual({ username, password, url: rest });
});

it.each([
  '/',
  '/live/12.ts',
  '/ace/hls/12',
  '/proxy/sessions/12',
  '/api/v1/12',
  '/ann/secret/news',
  '/ann/secret/123456',
  '/ann/%zz/12',
  '/ann/secret/12.mp4',
  '/player_api.php',
  '/player_api.php?username=ann',
  '/playlist.m3u?username=ann&password=p',
])('finds none in %s', (url) => {
  expect(splitXtreamAddress(url)).toBeNull();
});
