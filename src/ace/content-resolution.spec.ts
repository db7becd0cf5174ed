import { resolutionOf, resolutionTarget } from './content-resolution';

const ID = '0123456789abcdef0123456789abcdef01234567';
const answer = (body: unknown, status = 200) => ({ status, body: JSON.stringify(body) });

describe('content resolution', () => {
  it.each([
    ['content_id', ID, `content_id=${ID}`],
    ['infohash', ID, `infohash=${ID}`],
    ['magnet', 'magnet:?xt=a', 'magnet=magnet%3A%3Fxt%3Da'],
  ] as const)('is requested by %s', (kind, value, parameter) => {
    expect(resolutionTarget({ kind, value, fileIndex: 2 })).toBe(
      `/server/api?api_version=3&method=get_media_files&${parameter}`,
    );
  });

  it('sends no request for an invalid id', () => {
    const selector = { kind: 'infohash', value: `${ID}&x=1`, fileIndex: 0 } as const;
    expect(() => resolutionTarget(selector)).toThrow(
      expect.objectContaining({ code: 'invalid_selector' }),
    );
  });

  it.each([
    ['live', 1],
    ['vod', 0],
    ['other', -1],
  ])('reads the type %s', (type, isLive) => {
    const result = { infohash: ID.toUpperCase(), name: 'A\nchannel', type, files: [{}, {}] };
    expect(resolutionOf(answer({ result, error: null }))).toEqual({
      infohash: ID,
      name: 'A channel',
      isLive,
      fileCount: 2,
    });
  });

  it.each<[string, unknown, string, string]>([
    [
      'unknown content',
      { error: { message: 'cannot get transport file', code: 0 } },
      'content',
      'cannot_get_transport_file',
    ],
    [
      'an engine without the method',
      { error: { message: 'unknown method' } },
      'engine',
      'unknown_method',
    ],
    ['nothing', { result: {}, error: null }, 'engine', 'no_infohash'],
    ['a list', { result: [], error: null }, 'engine', 'no_infohash'],
    ['no hash', { result: { infohash: 'x' } }, 'engine', 'no_infohash'],
  ])('reports a fault: %s', (_, body, kind, reason) => {
    expect(() => resolutionOf(answer(body))).toThrow(expect.objectContaining({ kind, reason }));
  });
});
