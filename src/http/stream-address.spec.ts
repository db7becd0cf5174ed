import fc from 'fast-check';
import { isStreamAddress, routedAddress } from './stream-address';

const ID = '0123456789abcdef0123456789abcdef01234567';

describe('routedAddress', () => {
  it.each([
    ['/ace/getstream?id=x', '/ace/getstream?id=x'],
    ['/ace/getstream/?id=x', '/ace/getstream?id=x'],
    ['//ace/getstream?id=x', '/ace/getstream?id=x'],
    ['///ace//getstream//?id=x//y', '/ace/getstream?id=x//y'],
    ['/ace/manifest.m3u8/', '/ace/manifest.m3u8'],
    ['/%20/ace/status', '/ace/status'],
    [`/ace/getstream/${ID}/`, `/ace/getstream/${ID}`],
    [`/ace/getstream/${ID}.ts%0D%0A`, `/ace/getstream/${ID}.ts`],
    [`/ace/getstream/%09${ID}%20?pid=1`, `/ace/getstream/${ID}?pid=1`],
    [`/ace/getstream/${ID}|User-Agent=VLC/3.0`, `/ace/getstream/${ID}`],
    [`/ace/getstream/${ID}%7cUser-Agent=a&Referer=http://b/?c=d`, `/ace/getstream/${ID}`],
    [`/ace/getstream/acestream://${ID}`, `/ace/getstream/${ID}`],
    [`/ace/getstream/ACESTREAM%3A//${ID}/`, `/ace/getstream/${ID}`],
    [`/ace/x${'%20'.repeat(5000)}x`, `/ace/x${'%20'.repeat(5000)}x`],
    [`/ace/${'%20%0A'.repeat(2000)}x${'%20'.repeat(4000)}`, '/ace/x'],
    ['/ace/hls//token/5.ts%0d', '/ace/hls/token/5.ts'],
    [`/ace/r/${ID}/token/?behind=5`, `/ace/r/${ID}/token?behind=5`],
    ['/profiles/kids/playlist.m3u', '/playlist.m3u?profile=kids&'],
    ['http://h/profiles/kids/epg.xml?a=b', '/epg.xml?profile=kids&a=b'],
    ['/profiles/kids/epg.xml.gz', '/epg.xml.gz?profile=kids&'],
    ['/profiles/a%20b/device.xml', '/device.xml?profile=a%20b&'],
    ['/profiles/kids/auto/v5?x', '/auto/v5?profile=kids&x'],
    ['/profiles/kids/lineup.json/x', '/profiles/kids/lineup.json/x'],
    ['/profiles/kids/engines', '/profiles/kids/engines'],
    ['http://other:99//ace/status', '/ace/status'],
    ['HTTP://other?x', 'HTTP://other?x'],
    ['http://other/engines?x=1', '/engines?x=1'],
    ['/t/TOKEN/engines/?x=1', '/engines/?x=1'],
    ['/t/TOKEN//ace/getstream/?id=x', '/ace/getstream?id=x'],
    ['http://other/t/TOKEN/ace/status', '/ace/status'],
  ])('%s is %s', (url, routed) => {
    expect(routedAddress(url)).toBe(routed);
  });

  it.each([
    '/engines/',
    '//engines',
    '/api/v1//engines',
    '/engines/%20x',
    '/engines|a=b',
    '/docs/',
    '/Ace//getstream',
    '/acex//y',
    '/api/ace//y',
    '//other.example/ace//getstream',
    '/./ace//getstream',
    '*',
    '',
  ])('does not change %j', (url) => {
    expect(routedAddress(url)).toBe(url);
  });

  const address = fc
    .array(
      fc.constantFrom(
        '/',
        '//',
        'ace',
        'getstream',
        'engines',
        '..',
        '%2f',
        '%20',
        '|',
        '?',
        '#',
        ID,
      ),
      { maxLength: 8 },
    )
    .map((parts) => `/${parts.join('')}`);

  it('never turns a streaming address into an admin address, nor the reverse', () => {
    fc.assert(
      fc.property(address, (url) => {
        const routed = routedAddress(url);
        expect(routedAddress(routed)).toBe(routed);
        if (routed !== url) expect(/^\/ace(?:[/?#]|$)/.test(routed)).toBe(true);
      }),
    );
  });
});

describe('isStreamAddress', () => {
  it.each([
    ['/ace/status', true],
    ['/auto/v5', true],
    ['/acex', false],
    ['/automatic', false],
    ['/live/5.ts', true],
    ['/lively', false],
    ['/engines/ace/', false],
  ])('%s: %s', (url, expected) => {
    expect(isStreamAddress(url)).toBe(expected);
  });
});
