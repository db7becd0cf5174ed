import { performance } from 'node:perf_hooks';
import type { Engine } from '../engine';
import type { Content } from '../content';
import { textAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';
import { endedAnswer } from './playback';

const SEGMENT_MS = 4000;
const WINDOW = 17;
/** A playlist begins with media from this long before the session. */
const PAST_MS = 16_000;

/** Number of the current, incomplete segment; segment n is on air from n × 4 s since 1970. */
function currentSegment(): number {
  return Math.floor(Date.now() / SEGMENT_MS);
}

/** `GET /ace/m/<infohash>/<key>.m3u8`: the window of segments, HLS version 3; not answered until there are media. */
export async function playlist(
  engine: Engine,
  exchange: Exchange,
  infohash: string,
  key: string,
): Promise<Answer> {
  const session = engine.sessions.get(infohash, key);
  if (!session) return endedAnswer(engine.sessions.endingOf(infohash, key), 'hls');
  await exchange.wait(Math.max(0, session.readyAt - performance.now()));
  if (session.ended !== null) return endedAnswer(session.ended, 'hls');
  session.touch();
  session.lastListAt = performance.now();
  const current = currentSegment();
  const age = performance.now() - session.createdAt;
  const oldest = Math.ceil((Date.now() - age - PAST_MS) / SEGMENT_MS);
  const first = Math.max(oldest, current - WINDOW);
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:4',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
  ];
  for (let n = first; n < current; n += 1) {
    lines.push('#EXTINF:4.000000,', exchange.address(`/ace/c/${infohash}/${n}.ts`));
  }
  return textAnswer(200, `${lines.join('\n')}\n`, 'application/vnd.apple.mpegurl');
}

/** `GET /ace/c/<infohash>/<n>.ts`: a segment, addressed by content only; all readers get the same bytes. */
export function segment(engine: Engine, content: Content | undefined, number: number): Answer {
  const current = currentSegment();
  const session = engine.sessions
    .list()
    .find((candidate) => candidate.content.infohash === content?.infohash);
  if (!content || !session) return textAnswer(403, 'Forbidden');
  if (number >= current || number < current - WINDOW - 1) return textAnswer(404, 'not found');
  session.touch();
  session.lastListAt = performance.now();
  const timeline = engine.contents.timeline(content);
  const from = timeline.numberAt(number * SEGMENT_MS);
  const to = timeline.numberAt((number + 1) * SEGMENT_MS);
  const body = timeline.render(from, to - from);
  session.bytes += body.length;
  return { status: 200, headers: [['Content-Type', 'video/mp2t']], body };
}
