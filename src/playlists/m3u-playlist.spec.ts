import fc from 'fast-check';
import type { ListedChannel } from '../channels';
import { playlistStart, renderEntries, type PlaylistFormat } from './m3u-playlist';

const CHANNEL: ListedChannel = {
  id: 'news',
  number: 7,
  name: 'News',
  group: 'Information',
  logo: 'https://logos.example/news.png?a=1,2',
  tvgId: 'news.example',
  isHidden: false,
  origin: 'api',
  sources: [],
};

const renderPlaylist = (...of: Parameters<typeof renderEntries>): string =>
  playlistStart(null) + renderEntries(...of);

interface Entry {
  readonly attributes: Readonly<Record<string, string>>;
  readonly name: string;
  readonly properties: readonly string[];
  readonly address: string;
}

/** Reads a playlist line by line, with the rules on which Kodi and Jellyfin differ for the name. */
function readPlaylist(text: string, nameRule: 'kodi' | 'jellyfin'): Entry[] {
  // Python's `splitlines` ends lines at more characters than others.
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
  expect(lines.shift()).toBe('#EXTM3U');
  expect(lines.pop()).toBe('');
  const entries: Entry[] = [];
  let info = '';
  let properties: string[] = [];
  for (const line of lines) {
    if (line.startsWith('#EXTINF:-1 ')) info = line;
    else if (line.startsWith('#KODIPROP:')) properties.push(line);
    else {
      expect(line).toMatch(/^https?:\/\//);
      const pairs = [...info.matchAll(/([a-z-]+)="([^"]*)"/g)];
      const comma = nameRule === 'kodi' ? info.lastIndexOf('"') + 1 : info.lastIndexOf(',');
      expect(info[comma]).toBe(',');
      entries.push({
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, value])),
        name: info.slice(comma + 1),
        properties,
        address: line,
      });
      properties = [];
    }
  }
  return entries;
}

it.each<[PlaylistFormat, string]>([
  [
    'ts',
    '#EXTM3U\n' +
      '#EXTINF:-1 channel-id="news" channel-number="7" tvg-id="news.example" tvg-name="News" ' +
      'tvg-logo="https://logos.example/news.png?a=1,2" tvg-chno="7" group-title="Information",News\n' +
      '#KODIPROP:mimetype=video/mp2t\n' +
      'https://tv.example/sub/ace/getstream?channel=news\n',
  ],
  [
    'hls',
    '#EXTM3U\n' +
      '#EXTINF:-1 channel-id="news" channel-number="7" tvg-id="news.example" tvg-name="News" ' +
      'tvg-logo="https://logos.example/news.png?a=1,2" tvg-chno="7" group-title="Information",News\n' +
      'https://tv.example/sub/ace/manifest.m3u8?channel=news\n',
  ],
])('renders %s', (format, expected) => {
  expect(renderPlaylist([CHANNEL], 'https://tv.example/sub', format)).toBe(expected);
});

it('names the guide', () => {
  expect(playlistStart('http://tv/epg.xml')).toBe(
    '#EXTM3U url-tvg="http://tv/epg.xml" x-tvg-url="http://tv/epg.xml"\n',
  );
});

it('leaves out what a channel does not have', () => {
  const bare = { ...CHANNEL, group: null, logo: null, tvgId: null };
  expect(renderPlaylist([bare], 'http://tv', 'hls').split('\n')[1]).toBe(
    '#EXTINF:-1 channel-id="news" channel-number="7" tvg-name="News" tvg-chno="7",News',
  );
  expect(renderPlaylist([], 'http://tv', 'ts')).toBe('#EXTM3U\n');
});

it('has one entry for each channel, whatever their texts are', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const nasty = fc.constantFrom(
    'a", "b',
    'x\r\n#EXTM3U',
    'tvg-id="x"',
    ',,',
    '\u2028http://a',
    '\0',
  );
  const value = fc.oneof(text, nasty);
  const channel = fc.record({ name: value, group: fc.option(value), tvgId: fc.option(value) });
  fc.assert(
    fc.property(fc.array(channel, { maxLength: 5 }), (texts) => {
      const channels = texts.map((one, i) => ({ ...CHANNEL, ...one, id: `c${i}`, number: i + 1 }));
      const playlist = renderPlaylist(channels, 'http://tv.example:8000', 'ts');
      for (const rule of ['kodi', 'jellyfin'] as const) {
        const entries = readPlaylist(playlist, rule);
        expect(entries.map(({ attributes }) => attributes['channel-id'])).toEqual(
          channels.map(({ id }) => id),
        );
        entries.forEach(({ attributes, name, properties, address }, i) => {
          const { group, tvgId } = channels[i]!;
          expect(address).toBe(`http://tv.example:8000/ace/getstream?channel=c${i}`);
          expect(properties).toEqual(['#KODIPROP:mimetype=video/mp2t']);
          expect(attributes['tvg-chno']).toBe(String(i + 1));
          expect(attributes['tvg-name']?.replaceAll(',', ';')).toBe(name);
          expect('group-title' in attributes).toBe(group !== null);
          expect('tvg-id' in attributes).toBe(tvgId !== null);
        });
      }
    }),
  );
});
