import fc from 'fast-check';
import { queryOf, readIsDvr, readTier } from './stream-query';

const read = (query: string): Record<string, string> =>
  Object.fromEntries(queryOf({ url: `/ace/getstream?${query}` }));

describe('the query of a streaming address', () => {
  it.each<[string, Record<string, string>]>([
    ['', {}],
    ['id=x&pid=%20y%0d%0a', { id: 'x', pid: 'y' }],
    ['id=x&behind=20%0D', { id: 'x', behind: '20' }],
    ['channel=+news+&dvr=1%0a', { channel: 'news', dvr: '1' }],
    ['id=x|User-Agent=VLC/3.0&Referer=y', { id: 'x' }],
    ['id=x%7CUser-Agent=VLC&id=y', { id: 'x' }],
    ['id=x%7cUser-Agent%3DVLC%26Referer%3Dy', { id: 'x' }],
    ['id=x&dvr=1|User-Agent=100%', { id: 'x', dvr: '1' }],
    ['channel=news|', { channel: 'news' }],
    ['channel=news%7C', { channel: 'news' }],
    ['pid=a|b&id=x', { pid: 'a|b', id: 'x' }],
    ['pid=a%7C&id=x', { pid: 'a|', id: 'x' }],
    ['url=http%3A%2F%2Fa%2F%3Fb%3D1%7Cc%3D2&_idx=1', { url: 'http://a/?b=1|c=2', _idx: '1' }],
    ['url=http%3A%2F%2Fa|User-Agent=x&_idx=1', { url: 'http://a' }],
    ['magnet=magnet%3A%3Fdn%3Da%7Cb%3Dc', { magnet: 'magnet:?dn=a|b=c' }],
    ['u%72l=a%7Cb=c', { url: 'a|b=c' }],
  ])('%j', (query, expected) => {
    expect(read(query)).toEqual(expected);
  });

  it('shows a name twice that was given twice', () => {
    expect(queryOf({ url: '/?id=x&id=y%20' }).getAll('id')).toEqual(['x', 'y']);
  });

  it.each([
    'dvr=banana',
    'dvr=',
    'dvr=true',
    'dvr=1&dvr=1',
    'behind=banana',
    'tier=x',
    'tier=light&tier=deep',
  ])('refuses %s, whatever else is asked', (query) => {
    for (const text of [query, `id=x&${query}`]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });

  it('ignores what engines and others may ask for', () => {
    const query = 'format=banana&pid=&sid=x&use_api_events=7&transcode_audio=9&method=y&DVR=banana';
    expect(read(query)).toMatchObject({ format: 'banana' });
  });

  it('knows what is meant by leaving it out', () => {
    const query = queryOf({ url: '/ace/preflight' });
    expect([readIsDvr(query), readTier(query)]).toEqual([false, 'light']);
    expect(readIsDvr(queryOf({ url: '/?dvr=0' }))).toBe(false);
  });

  it('refuses a broken escape, and nothing else by accident', () => {
    for (const text of ['id=%zz', '_idx=banana', '_idx=0&_idx=0']) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'invalid_selector' }));
    }
    fc.assert(
      fc.property(fc.webQueryParameters(), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toMatchObject({ status: 400 });
        }
      }),
    );
  });
});
