import fc from 'fast-check';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ContentSelectorPipe, readContentSelector } from './requested-content';

const ID = '0123456789abcdef0123456789abcdef01234567';
const OTHER = 'f'.repeat(40);
const HASH = 'magnet:?xt=urn:btih:';

function read(query: string, pathId: string | null = null, allow = false): ContentSelector {
  return readContentSelector(new URLSearchParams(query), pathId, { allowUrlSelectors: allow });
}

function codeOf(run: () => unknown): string {
  try {
    return `no error but ${JSON.stringify(run())}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
}

describe('readContentSelector', () => {
  it.each<[string, string | null, Partial<ContentSelector>]>([
    [`id=${ID}`, null, { kind: 'content_id' }],
    [`content_id=${ID}`, null, { kind: 'content_id' }],
    [`infohash=${ID}`, null, { kind: 'infohash' }],
    [`id=${ID.toUpperCase()}`, null, { kind: 'content_id' }],
    [`id=acestream://${ID}`, null, { kind: 'content_id' }],
    [`infohash=ACESTREAM%3A%2F%2F${ID}`, null, { kind: 'infohash' }],
    [`id=${ID}&pid=1&sid=x&format=json&foo=bar`, null, { kind: 'content_id' }],
    [`id=${ID}&_idx=3`, null, { kind: 'content_id', fileIndex: 3 }],
    [`id=${ID}&_idx=0`, null, { kind: 'content_id' }],
    [`id=${ID}&_idx=0042`, null, { kind: 'content_id', fileIndex: 42 }],
    [`id=${ID}&file_indexes=3`, null, { kind: 'content_id', fileIndex: 3 }],
    [`id=${ID}&file_indexes=3&_idx=4`, null, { kind: 'content_id', fileIndex: 4 }],
    [
      `transcode_audio=1&id=${ID}&transcode_ac3=1&preferred_audio_language=ENG&transcode_mp3=0`,
      null,
      {
        kind: 'content_id',
        engineParameters: 'preferred_audio_language=eng&transcode_ac3=1&transcode_audio=1',
      },
    ],
    [`id=${ID}&transcode_ac3=0`, null, { kind: 'content_id' }],
    [`id=+${ID}%0d%0a`, null, { kind: 'content_id' }],
    [`infohash=%09${ID}%C2%A0`, null, { kind: 'infohash' }],
    [`id=AceStream://${ID}/`, null, { kind: 'content_id' }],
    [`id=+acestream://${ID.toUpperCase()}//%0d`, null, { kind: 'content_id' }],
    [`id=${ID}|User-Agent=x`, null, { kind: 'content_id' }],
    [`content_id=${ID}/+%7CUser-Agent%3Dx%26Referer%3Dy`, null, { kind: 'content_id' }],
    [`id=${ID}|`, null, { kind: 'content_id' }],
    ['', ` ${ID}\r\n`, { kind: 'content_id' }],
    ['', `${ID}.ts\r`, { kind: 'content_id' }],
    ['', `acestream://${ID}`, { kind: 'content_id' }],
    ['', ID, { kind: 'content_id' }],
    ['', `${ID}.ts`, { kind: 'content_id' }],
    ['_idx=1', `${ID.toUpperCase()}.TS`, { kind: 'content_id', fileIndex: 1 }],
    ['__proto__=1&constructor=2', ID, { kind: 'content_id' }],
  ])('reads %j, path %j', (query, pathId, expected) => {
    expect(read(query, pathId)).toEqual({ value: ID, fileIndex: 0, ...expected });
  });

  it.each<[string, string | null]>([
    ['', null],
    ['pid=1', null],
    ['constructor=1', null],
    ['id=', null],
    [`id=${ID}&id=${ID}`, null],
    [`id=${ID}&infohash=${OTHER}`, null],
    [`id=${ID}&content_id=${ID}`, null],
    [`id=${ID}`, ID],
    [`id=${ID}0`, null],
    [`id=${ID.slice(1)}`, null],
    [`id=${ID.slice(1)}g`, null],
    [`id=+${ID}0`, null],
    [`id=${ID}%0a%0dHost:+x`, null],
    [`id=${ID}%00`, null],
    [`id=${ID}+${ID}`, null],
    [`id=|${ID}`, null],
    [`id=acestream:${ID}`, null],
    [`id=acestream://acestream://${ID}`, null],
    [`id=${ID}/../x`, null],
    [`ID=${ID}`, null],
    ['', `${ID}.ts.ts`],
    ['', `${ID}.mp4`],
    ['', ''],
    [`id=${ID}&_idx=-1`, null],
    [`id=${ID}&_idx=`, null],
    [`id=${ID}&_idx=1.5`, null],
    [`id=${ID}&_idx=10000`, null],
    [`id=${ID}&_idx=1&_idx=1`, null],
    [`id=${ID}&_idx=١`, null],
  ])('refuses %j, path %j', (query, pathId) => {
    expect(codeOf(() => read(query, pathId))).toBe('invalid_selector');
  });

  it.each(['url=http://example.org/a', `magnet=${HASH}${ID}`, 'url=', 'magnet=nonsense'])(
    'forbids %s while addresses are off',
    (query) => {
      expect(codeOf(() => read(query))).toBe('forbidden');
    },
  );

  it.each([
    ['url', 'http://example.org/a.acelive', 'http://example.org/a.acelive'],
    ['url', 'HTTPS://EXAMPLE.org/a b', 'https://example.org/a%20b'],
    ['magnet', HASH + ID, HASH + ID],
    ['magnet', `${HASH}${'A2'.repeat(16)}&dn=x`, `${HASH}${'A2'.repeat(16)}&dn=x`],
    ['magnet', `magnet:?dn=x&xt=urn:btih:${ID}`, `magnet:?dn=x&xt=urn:btih:${ID}`],
  ])('reads %s=%s with ALLOW_URL_SELECTORS', (kind, text, value) => {
    const query = new URLSearchParams({ [kind]: text }).toString();
    expect(read(query, null, true)).toEqual({ kind, value, fileIndex: 0 });
  });

  it.each([
    ['url', 'file:///etc/passwd'],
    ['url', 'javascript:alert(1)'],
    ['url', '/relative'],
    ['url', ''],
    ['url', `http://example.org/${'a'.repeat(2048)}`],
    ['channel', ''],
    ['channel', 'News'],
    ['channel', '.news'],
    ['channel', 'ne ws'],
    ['channel', 'news/1'],
    ['channel', 'n'.repeat(65)],
    ['channel', 'news\n'],
    ['magnet', 'magnet:?dn=x'],
    ['magnet', `${HASH}${ID}0`],
    ['magnet', `${HASH}${ID.slice(4)}`],
    ['magnet', `${HASH}${ID}\r\nHost: x`],
    ['magnet', `${HASH}${ID}&dn=a b`],
    ['magnet', `x${HASH}${ID}`],
    ['magnet', `${HASH}${ID}&dn=${'a'.repeat(2048)}`],
  ])('refuses %s=%j with ALLOW_URL_SELECTORS', (kind, text) => {
    const query = new URLSearchParams({ [kind]: text }).toString();
    expect(codeOf(() => read(query, null, true))).toBe('invalid_selector');
  });
});

describe('readContentSelector of any text', () => {
  const hexish = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEFg/:%. \n')),
    minLength: 38,
    maxLength: 55,
  });
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    hexish,
    hexish.map((hex) => `acestream://${hex}`),
    fc.stringMatching(/^[0-9a-fA-F]{40}$/),
  );

  function expectSelectorOrError(run: () => ContentSelector): void {
    let selector: ContentSelector;
    try {
      selector = run();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      return;
    }
    expect(selector.value).toMatch(/^[0-9a-f]{40}$/);
    expect(Number.isInteger(selector.fileIndex)).toBe(true);
    expect(selector.fileIndex).toBeGreaterThanOrEqual(0);
  }

  it('returns 40 lower-case hex digits for an id, or throws', () => {
    const name = fc.constantFrom('id', 'content_id', 'infohash');
    fc.assert(
      fc.property(name, text, fc.option(text, { nil: undefined }), (key, value, index) => {
        const query = new URLSearchParams({ [key]: value });
        if (index !== undefined) query.set('_idx', index);
        expectSelectorOrError(() => readContentSelector(query, null, { allowUrlSelectors: false }));
      }),
      { numRuns: 500 },
    );
  });

  it('returns 40 lower-case hex digits for a path, or throws', () => {
    fc.assert(
      fc.property(text, (pathId) => expectSelectorOrError(() => read('', pathId))),
      { numRuns: 500 },
    );
  });

  it('returns a selector for a query, or throws', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (query) => expectSelectorOrError(() => read(query))),
    );
  });
});

describe('ContentSelectorPipe', () => {
  const pipe = new ContentSelectorPipe({ allowUrlSelectors: false });

  function select(url: string, id: string | undefined, isOptional = false): ContentSelector | null {
    return pipe.transform({ request: { url, params: { id } }, isOptional });
  }

  const content = { kind: 'content_id', value: ID, fileIndex: 0 };

  it.each<[string, string | undefined]>([
    [`/ace/getstream?id=${ID}`, undefined],
    [`/ace/getstream/?id=${ID}|User-Agent=x`, ''],
    [`/ace/getstream/${ID}.ts`, `${ID}.ts`],
  ])('reads the content of %s', (url, id) => {
    expect(select(url, id)).toEqual(content);
    expect(select(url, id, true)).toEqual(content);
  });

  it('returns null without a selector only where it is optional', () => {
    expect(select('/ace/status', undefined, true)).toBeNull();
    expect(codeOf(() => select('/ace/getstream', undefined))).toBe('invalid_selector');
    expect(codeOf(() => select('/ace/status?id=x', undefined, true))).toBe('invalid_selector');
  });

  it('reports a wrong parameter before a missing selector', () => {
    expect(codeOf(() => select('/ace/status?tier=x', undefined, true))).toBe('invalid_request');
  });
});
