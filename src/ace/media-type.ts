/**
 * What a 200 response on a playback path is, according to its Content-Type. Only types that are certainly something
 * else are refused: engines and their replacements label MPEG-TS in many ways, and only the packets prove it.
 */
export type MediaType = 'media' | 'other_container' | 'playlist' | 'page' | 'message';

const PLAYLISTS: ReadonlySet<string> = new Set([
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
]);

const OTHER_CONTAINERS: ReadonlySet<string> = new Set([
  'video/mp4',
  'video/quicktime',
  'video/webm',
  'video/x-flv',
  'video/x-matroska',
  'video/x-msvideo',
]);

export function mediaTypeOf(contentType: string): MediaType {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (OTHER_CONTAINERS.has(type)) {
    return 'other_container';
  }
  if (PLAYLISTS.has(type)) {
    return 'playlist';
  }
  switch (type) {
    case 'text/html':
    case 'application/xhtml+xml':
      return 'page';
    case 'application/json':
      return 'message';
    default:
      return 'media';
  }
}
