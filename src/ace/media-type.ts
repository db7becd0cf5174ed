/**
 * What a 200 on a playback path carries, judged by its Content-Type. Only certain knowledge refuses: engines
 * and stand-ins label MPEG-TS in many ways, and the packets themselves are the proof.
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
