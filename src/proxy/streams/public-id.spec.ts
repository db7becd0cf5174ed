import type { ContentSelector, SelectorKind } from '../../kernel/content-selector';
import { publicStreamId } from './public-id';

const ID = '0123456789abcdef0123456789abcdef01234567';
const select = (kind: SelectorKind, value: string, fileIndex = 0): ContentSelector => ({
  kind,
  value,
  fileIndex,
});

describe('publicStreamId', () => {
  it.each([
    [select('content_id', ID), ID],
    [select('infohash', ID), ID],
    [select('content_id', ID, 2), `${ID}-2`],
    [select('channel', 'news-2'), 'channel-news-2'],
    [select('channel', 'news', 2), 'channel-news~2'],
  ])('turns %j into %s', (selector, id) => {
    expect(publicStreamId(selector)).toBe(id);
  });

  it('has another id for each set of parameters for the engine', () => {
    const withAc3 = { ...select('content_id', ID, 2), engineParameters: 'transcode_ac3=1' };
    const withMp3 = { ...select('content_id', ID, 2), engineParameters: 'transcode_mp3=1' };
    expect(publicStreamId(withAc3)).toMatch(new RegExp(`^${ID}-2~[0-9a-f]{8}$`));
    expect(publicStreamId(withAc3)).toBe(publicStreamId({ ...withAc3 }));
    expect(publicStreamId(withMp3)).not.toBe(publicStreamId(withAc3));
  });

  it('hides an address in a hash that is always the same', () => {
    const id = publicStreamId(select('url', 'http://example.org/a.torrent?token=secret'));
    expect(id).toMatch(/^url-[0-9a-f]{40}$/);
    expect(publicStreamId(select('url', 'http://example.org/a.torrent?token=secret'))).toBe(id);
    expect(publicStreamId(select('url', 'http://example.org/b.torrent'))).not.toBe(id);
    expect(publicStreamId(select('magnet', 'magnet:?xt=urn:btih:x', 1))).toMatch(
      /^magnet-[0-9a-f]{40}-1$/,
    );
  });
});
