import fc from 'fast-check';
import { readStreamQuery, type StreamQuery } from './stream-query';

const read = (query: string): StreamQuery => readStreamQuery({ url: `/ace/getstream?${query}` });

describe('readStreamQuery', () => {
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
  ])('of %j reads the parameters without blanks and appended headers', (query, expected) => {
    expect(Object.fromEntries(read(query).parameters)).toEqual(expected);
  });

  it('keeps both values of a repeated name', () => {
    expect(read('id=x&id=y%20').parameters.getAll('id')).toEqual(['x', 'y']);
  });

  it.each([
    'dvr=banana',
    'dvr=',
    'dvr=true',
    'dvr=1&dvr=1',
    'behind=banana',
    'tier=x',
    'tier=light&tier=deep',
    'behind',
    'behind=',
    'behind=-1',
    'behind=1,5',
    'behind=86400.1',
    'behind=1&behind=2',
    'seekback=banana',
    'live_delay=-1',
    'transcode_audio=2',
    'transcode_ac3=1&transcode_ac3=1',
    'preferred_audio_language=english',
  ])('refuses %s, also with a selector', (query) => {
    for (const text of [query, `id=x&${query}`]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });

  it('ignores parameters of engines and unknown ones', () => {
    const query = 'format=banana&pid=&sid=x&use_api_events=7&mode=9&method=y&DVR=banana';
    expect(read(query)).toMatchObject({ behindMs: null, isDvr: false, tier: 'light' });
  });

  it.each<[string, Partial<StreamQuery>]>([
    ['', { behindMs: null, isDvr: false, tier: 'light' }],
    ['dvr=0', { isDvr: false }],
    ['dvr=1', { isDvr: true }],
    ['tier=deep', { tier: 'deep' }],
    ['behind=0', { behindMs: 0 }],
    ['behind=20', { behindMs: 20_000 }],
    ['behind=7.5', { behindMs: 7500 }],
    ['behind=0.001', { behindMs: 1 }],
    ['behind=86400', { behindMs: 86_400_000 }],
    ['seekback=30', { behindMs: 30_000 }],
    ['live_delay=30', { behindMs: 30_000 }],
    ['live_delay=30&behind=5', { behindMs: 5000 }],
  ])('of %j reads %j', (query, expected) => {
    expect(read(query)).toMatchObject(expected);
  });

  it('reads any `behind` as a number of seconds, or refuses it', () => {
    const anything = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));
    fc.assert(
      fc.property(anything, (text) => {
        let ms: number | null;
        try {
          ms = read(new URLSearchParams({ behind: text }).toString()).behindMs;
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_request', status: 400 });
          return;
        }
        expect(ms).toBe(Math.round(Number(text) * 1000));
        expect(ms).toBeLessThanOrEqual(86_400_000);
      }),
    );
  });

  it('refuses a malformed escape and `_idx`, and throws no other error', () => {
    for (const text of ['id=%zz', '_idx=banana', '_idx=0&_idx=0', 'file_indexes=0,2']) {
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
