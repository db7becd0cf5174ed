import { splitToken } from './stream-token';

describe('splitToken', () => {
  it.each([
    ['/t/abc/ace/getstream?id=x', 'abc', '/ace/getstream?id=x'],
    ['/t/abc//ace//status', 'abc', '//ace//status'],
    ['//t//abc/playlist.m3u', 'abc', '/playlist.m3u'],
    ['http://host:8000/t/abc/lineup.json', 'abc', '/lineup.json'],
    ['/t/abc?x=/y', 'abc', '/?x=/y'],
    ['/t/abc', 'abc', '/'],
    ['/t/', '', '/'],
    ['/t//t/abc/x', 't', '/abc/x'],
    ['/t/a/t/b/x', 'a', '/t/b/x'],
    ['/t', null, '/t'],
    ['/tv/x', null, '/tv/x'],
    ['/ace/t/abc', null, '/ace/t/abc'],
    ['*', null, '*'],
  ])('%s', (address, token, url) => {
    expect(splitToken(address)).toEqual({ token, username: null, url });
  });
});
