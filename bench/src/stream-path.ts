/** Content id number `stream` of a benchmark: 40 hex digits that no engine treats as an infohash. */
export function contentId(stream: number): string {
  return (0xace0000 + stream).toString(16).padStart(40, '0');
}

/** The stream's MPEG-TS address for players. */
export function streamPath(stream: number): string {
  return `/ace/getstream?id=${contentId(stream)}`;
}

/** The stream's HLS address for players. */
export function playlistPath(stream: number): string {
  return `/ace/manifest.m3u8?id=${contentId(stream)}`;
}
