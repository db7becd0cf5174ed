import { StreamAudit } from './stream-audit';
import { PACKET_BYTES, PAT_PID, pidOf, SIM_PIDS } from './ts-packet';
import { eventually } from './wait';
import type { Product } from './product';

/** One segment of a playlist. */
export interface ListedSegment {
  readonly number: number;
  /** Seconds. */
  readonly duration: number;
  readonly url: string;
  readonly isDiscontinuity: boolean;
  /** ms since 1970; null if the playlist has no date. */
  readonly date: number | null;
}

export interface MediaPlaylist {
  readonly url: string;
  readonly text: string;
  readonly target: number;
  readonly sequence: number;
  readonly discontinuitySequence: number;
  readonly isIndependent: boolean;
  readonly segments: readonly ListedSegment[];
}

const ONCE = [
  'EXT-X-VERSION',
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-INDEPENDENT-SEGMENTS',
];

/** Parses a live media playlist according to RFC 8216. @throws for everything that a strict parser would refuse */
export function parsePlaylist(text: string, url: string): MediaPlaylist {
  const refuse = (why: string): never => {
    throw new Error(`${why}:\n${text}`);
  };
  if (!text.endsWith('\n') || text.includes('\r') || text.includes('\uFEFF')) refuse('lines');
  const lines = text.slice(0, -1).split('\n');
  if (lines.shift() !== '#EXTM3U') refuse('no #EXTM3U');
  const head = new Map<string, string>();
  const segments: ListedSegment[] = [];
  let next: { duration?: number; date?: number; isDiscontinuity?: boolean } = {};
  for (const line of lines) {
    const [, tag = '', value = ''] = /^#(EXT[A-Z-]*)(?::(.*))?$/.exec(line) ?? [];
    if (ONCE.includes(tag)) {
      if (segments.length > 0 || Object.keys(next).length > 0) refuse(`late ${tag}`);
      if (head.has(tag)) refuse(`twice ${tag}`);
      if (tag !== 'EXT-X-INDEPENDENT-SEGMENTS' && !/^\d+$/.test(value)) refuse(`bad ${tag}`);
      head.set(tag, value);
    } else if (tag === 'EXT-X-DISCONTINUITY' && line === '#EXT-X-DISCONTINUITY') {
      next = { ...next, isDiscontinuity: true };
    } else if (tag === 'EXT-X-PROGRAM-DATE-TIME') {
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) refuse('bad date');
      next = { ...next, date: Date.parse(value) };
    } else if (tag === 'EXTINF') {
      if (next.duration !== undefined || !/^\d+\.\d+,$/.test(value)) refuse('bad EXTINF');
      next = { ...next, duration: parseFloat(value) };
    } else if (line !== '' && !line.startsWith('#')) {
      if (next.duration === undefined) refuse('an address without EXTINF');
      if (!/^[\w./-]+\.ts$/.test(line) || line.startsWith('/')) refuse('not a relative address');
      segments.push({
        number: Number(head.get('EXT-X-MEDIA-SEQUENCE')) + segments.length,
        duration: next.duration!,
        url: new URL(line, url).href,
        isDiscontinuity: next.isDiscontinuity ?? false,
        date: next.date ?? null,
      });
      next = {};
    } else refuse(`unknown line ${line}`);
  }
  if (Object.keys(next).length > 0) refuse('tags without an address');
  if (head.get('EXT-X-VERSION') !== '3') refuse('another version');
  const target = Number(head.get('EXT-X-TARGETDURATION'));
  for (const { duration } of segments) {
    if (!(duration > 0) || !(Math.round(duration) <= target)) refuse('longer than the target');
  }
  return {
    url,
    text,
    target,
    sequence: Number(head.get('EXT-X-MEDIA-SEQUENCE')),
    discontinuitySequence: Number(head.get('EXT-X-DISCONTINUITY-SEQUENCE')),
    isIndependent: head.has('EXT-X-INDEPENDENT-SEGMENTS'),
    segments,
  };
}

/** Asserts that a live playlist is a valid update of an older one of the same stream (RFC 8216 §6.2.2). */
export function expectSuccessor(older: MediaPlaylist, newer: MediaPlaylist): void {
  expect(newer.target).toBe(older.target);
  expect(newer.sequence).toBeGreaterThanOrEqual(older.sequence);
  const gone = older.segments.filter(({ number }) => number < newer.sequence);
  const breaks = gone.filter(({ isDiscontinuity }) => isDiscontinuity).length;
  if (newer.sequence <= older.sequence + older.segments.length) {
    expect(newer.discontinuitySequence).toBe(older.discontinuitySequence + breaks);
  }
  for (const segment of older.segments.filter(({ number }) => number >= newer.sequence)) {
    expect(newer.segments[segment.number - newer.sequence]).toEqual(segment);
  }
}

export function manifestPath(id: string, more = ''): string {
  return `/ace/manifest.m3u8?id=${id}${more}`;
}

/** Every playlist that the tests of this file have loaded, for checks with another parser. */
export const loadedPlaylists: MediaPlaylist[] = [];

const OPENED_WITHIN_MS = 40_000;

/**
 * The playlist of one player, to which the first address redirects. `fetch` counts as a browser, which gets 503
 * after 8 s and must repeat the request while the start continues.
 */
export async function openHls(
  product: Product,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<MediaPlaylist> {
  const deadline = performance.now() + OPENED_WITHIN_MS;
  for (;;) {
    try {
      return await loadPlaylist(product.url(path), headers);
    } catch (error) {
      const isStarting = String(error).includes('"code":"still_starting"');
      if (!isStarting || performance.now() >= deadline) throw error;
    }
  }
}

export async function loadPlaylist(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<MediaPlaylist> {
  const answer = await fetch(url, { headers });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
  expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
  expect(answer.headers.get('cache-control')).toContain('no-store');
  const playlist = parsePlaylist(text, answer.url);
  loadedPlaylists.push(playlist);
  return playlist;
}

export async function loadSegment({ url }: ListedSegment): Promise<Buffer> {
  const answer = await fetch(url);
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(`${answer.status}: ${body.toString()}`);
  expect(answer.headers.get('content-type')).toBe('video/mp2t');
  expect(body.length).toBe(Number(answer.headers.get('content-length')));
  return body;
}

/** Returns a segment without its preface, PAT and PMT. */
export function mediaOf(segment: Buffer): Buffer {
  expect([pidOf(segment, 0), pidOf(segment, PACKET_BYTES)]).toEqual([PAT_PID, SIM_PIDS.pmt]);
  return segment.subarray(2 * PACKET_BYTES);
}

/** Reads segments one after the other, each once, until it has this many; asserts that the playlists are valid updates. */
export async function follow(
  first: MediaPlaylist,
  count: number,
  timeoutMs = 60_000,
): Promise<{ segments: ListedSegment[]; bodies: Buffer[]; last: MediaPlaylist }> {
  const segments: ListedSegment[] = [];
  const bodies: Buffer[] = [];
  let playlist = first;
  await eventually(
    async () => {
      const newer = await loadPlaylist(playlist.url);
      expectSuccessor(playlist, newer);
      playlist = newer;
      for (const segment of newer.segments) {
        const last = segments.at(-1);
        if (last !== undefined && segment.number <= last.number) continue;
        bodies.push(await loadSegment(segment));
        segments.push(segment);
      }
      return segments.length >= count;
    },
    timeoutMs,
    `${count} segments`,
  );
  return { segments, bodies, last: playlist };
}

/** Asserts that consecutive segments equal the broadcast, packet by packet. */
export function expectNothingLost(bodies: readonly Buffer[]): void {
  const audit = new StreamAudit();
  for (const body of bodies) audit.feed(mediaOf(body));
  expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, crcErrors: 0 });
  expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, outOfOrder: 0 });
  expect(audit.markers.count).toBeGreaterThan(50);
}
