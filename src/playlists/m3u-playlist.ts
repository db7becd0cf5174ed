import { type ListedChannel, playlistText } from '../channels';

/** The media that the addresses of a playlist return. */
export type PlaylistFormat = 'ts' | 'hls';

const ADDRESSES: Readonly<Record<PlaylistFormat, string>> = {
  ts: '/ace/getstream?channel=',
  hls: '/ace/manifest.m3u8?channel=',
};
/** With its type, Kodi does not request an address twice before it plays it. The type of HLS follows from its address. */
const KODI_TYPE = '#KODIPROP:mimetype=video/mp2t';

/** The first line of an M3U playlist. `guide` is the address of the guide; null if there is none. */
export function playlistStart(guide: string | null): string {
  return `#EXTM3U${attribute('url-tvg', guide)}${attribute('x-tvg-url', guide)}\n`;
}

/** Renders the entries of an M3U playlist, with an absolute address of each channel, in the given order. */
export function renderEntries(
  channels: readonly ListedChannel[],
  origin: string,
  format: PlaylistFormat,
): string {
  const base = origin + ADDRESSES[format];
  const property = format === 'ts' ? `${KODI_TYPE}\n` : '';
  let text = '';
  for (const channel of channels) text += `${describe(channel)}\n${property}${base}${channel.id}\n`;
  return text;
}

function describe({ id, number, name, group, logo, tvgId }: ListedChannel): string {
  const attributes =
    attribute('channel-id', id) +
    attribute('channel-number', String(number)) +
    attribute('tvg-id', tvgId) +
    attribute('tvg-name', name) +
    attribute('tvg-logo', logo) +
    attribute('tvg-chno', String(number)) +
    attribute('group-title', group);
  // Jellyfin reads the name from the last comma on.
  return `#EXTINF:-1${attributes},${playlistText(name).replaceAll(',', ';')}`;
}

/** Empty without a value, because some programs take an empty attribute for a value. */
function attribute(key: string, value: string | null): string {
  return value === null ? '' : ` ${key}="${playlistText(value)}"`;
}
