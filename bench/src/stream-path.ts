/** Content id number `stream` of a benchmark: 40 hex digits, which no engine takes for an infohash. */
export function contentId(stream: number): string {
  return (0xace0000 + stream).toString(16).padStart(40, '0');
}

/** Where a player asks for it as MPEG-TS. */
export function streamPath(stream: number): string {
  return `/ace/getstream?id=${contentId(stream)}`;
}

/** Where a player asks for it as HLS. */
export function playlistPath(stream: number): string {
  return `/ace/manifest.m3u8?id=${contentId(stream)}`;
}
