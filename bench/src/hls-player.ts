import { BodyClient, type BodySink } from './body-client';

/** The fields of a media playlist that a player of a benchmark needs. */
export interface Playlist {
  targetMs: number;
  /** Length of its text. */
  bytes: number;
  /** Media sequence number and address, oldest first. */
  segments: { number: number; address: string }[];
}

/** Players begin this many segments before the end (RFC 8216 §6.3.3 requires three target durations). */
const BEGIN_BEFORE_END = 3;
const TIMEOUT_MS = 20_000;

/** @throws Error if the text is not a media playlist */
export function parsePlaylist(text: string): Playlist {
  const lines = text.split('\n').map((line) => line.trim());
  if (lines[0] !== '#EXTM3U') throw new Error('no playlist');
  const tag = (name: string): number =>
    Number(lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1));
  const first = tag('#EXT-X-MEDIA-SEQUENCE');
  const addresses = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return {
    bytes: text.length,
    targetMs: tag('#EXT-X-TARGETDURATION') * 1000,
    segments: addresses.map((address, at) => ({ number: first + at, address })),
  };
}

/** One HLS player: reloads the playlist, and requests each segment once. One request at a time, on one connection. */
export class HlsPlayer {
  private readonly client: BodyClient;
  private newest = -1;
  private path: string;

  constructor(port: number, path: string) {
    this.client = new BodyClient(port, TIMEOUT_MS);
    this.path = path;
  }

  /** Loads the playlist; the first time it follows the redirect to its own playlist. @throws Error if there is none */
  async playlist(): Promise<Playlist> {
    let answer = await this.client.get(this.path);
    if (answer.status === 302 && answer.location !== null) {
      this.path = this.resolved(answer.location);
      answer = await this.client.get(this.path);
    }
    if (answer.status !== 200) throw new Error(`playlist: status ${answer.status}`);
    return parsePlaylist(answer.text);
  }

  /** Addresses in a playlist that were not fetched yet; they count as fetched from now on. */
  due(playlist: Playlist): string[] {
    const { segments } = playlist;
    const begin = segments[Math.max(0, segments.length - BEGIN_BEFORE_END)]?.number ?? 0;
    const from = this.newest < 0 ? begin : this.newest + 1;
    const due = segments.filter(({ number }) => number >= from);
    this.newest = due.at(-1)?.number ?? this.newest;
    return due.map(({ address }) => address);
  }

  /** @throws Error if the segment is not complete */
  async segment(address: string, sink: BodySink): Promise<void> {
    const { status } = await this.client.get(this.resolved(address), sink);
    if (status !== 200) throw new Error(`segment: status ${status}`);
  }

  close(): void {
    this.client.close();
  }

  private resolved(address: string): string {
    const { pathname, search } = new URL(address, `http://player${this.path}`);
    return pathname + search;
  }
}
