import http from 'node:http';
import { announceListening, endWithParent } from './child-side';
import { PACKET_BYTES } from './packet-stamp';
import { HOSTILE_MBIT_PER_SECOND, hostileKindOf, hostileSource } from './hostile-sources';
import { type MediaSource, TransportStreamSource } from './transport-stream-source';

/**
 * A replacement of an AceStream engine: the answers of its HTTP API that a proxy needs, and a stream that is fast
 * enough never to be the bottleneck. It knows any content; the ids of `hostile-sources` play hostile media.
 *
 * Started by the benchmark as a child process; by hand: `node bench/dist/engine.js PORT [MBIT_PER_SECOND]`.
 */

/** Real engines forward media as they arrive, and so does this one. */
const TICK_MS = 20;
/** Maximum backlog of a reader that reads nothing. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
const STAT = {
  status: 'dl',
  peers: 12,
  speed_down: 1000,
  speed_up: 40,
  downloaded: 1,
  uploaded: 1,
  total_progress: 0,
  is_live: 1,
  livepos: { pos: '1', live_first: '1', live_last: '2', first_ts: '1', last_ts: '2', is_live: '1' },
};
const VERSION = { code: 3020300, platform: 'linux', version: '3.2.3' };

/** The `response` of a getstream answer; `playback_url` is the address of the media. */
interface SessionAnswer {
  playback_url: string;
  [field: string]: string | number;
}

/** The answer to `/bench/sessions`. */
export interface EngineSessions {
  opened: number;
  reading: number;
  /** Maximum number of readers at one time. */
  peak: number;
}

const openings = new Map<string, number>();
let sessions = 0;
let reading = 0;
let peak = 0;

function describeSession(host: string, query: URLSearchParams): SessionAnswer {
  const content = query.get('infohash') ?? query.get('id') ?? query.get('content_id') ?? '';
  sessions++;
  const key = sessions.toString(16).padStart(32, '0');
  const address = (what: string): string => `http://${host}/ace/${what}/${content}/${key}`;
  return {
    playback_url: address('r'),
    stat_url: address('stat'),
    command_url: address('cmd'),
    event_url: address('event'),
    infohash: content,
    playback_session_id: key,
    client_session_id: -1,
    is_live: 1,
    is_encrypted: 0,
  };
}

function answerService(method: string): object {
  switch (method) {
    case 'get_version':
      return { ...VERSION, websocket_port: 0 };
    case 'get_network_connection_status':
      return { connected: true };
    default:
      return { connected: true, playlist_loaded: true, version: VERSION };
  }
}

function play(response: http.ServerResponse, source: MediaSource, bitsPerSecond: number): void {
  response.writeHead(200, { 'Content-Type': 'video/mp2t' });
  const packetsPerMs = bitsPerSecond / 8 / PACKET_BYTES / 1000;
  const startedAt = performance.now();
  let sent = 0;
  const write = (): void => {
    if (response.writableLength > MAX_BACKLOG_BYTES) return;
    const due = Math.floor((performance.now() - startedAt) * packetsPerMs) - sent;
    const count = Math.min(due, Math.floor(MAX_BACKLOG_BYTES / PACKET_BYTES));
    if (count <= 0) return;
    const packets = source.next(count, Date.now());
    if (packets === null) {
      clearInterval(timer);
      response.end();
      return;
    }
    response.write(packets);
    sent += count;
  };
  const timer = setInterval(write, TICK_MS);
  reading++;
  peak = Math.max(peak, reading);
  response.on('close', () => {
    reading--;
    clearInterval(timer);
  });
}

function playContent(response: http.ServerResponse, content: string, usualBps: number): void {
  const kind = hostileKindOf(content);
  if (kind === null) {
    play(response, new TransportStreamSource(usualBps), usualBps);
    return;
  }
  const opening = openings.get(content) ?? 0;
  openings.set(content, opening + 1);
  const hostileBps = HOSTILE_MBIT_PER_SECOND * 1e6;
  play(response, hostileSource(kind, opening, hostileBps), hostileBps);
}

function serve(port: number, bitsPerSecond: number): void {
  const server = http.createServer((request, response) => {
    const host = request.headers.host ?? `127.0.0.1:${port}`;
    const url = new URL(request.url ?? '/', `http://${host}`);
    const json = (body: object): void => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (url.pathname === '/ace/getstream') {
      const session = describeSession(host, url.searchParams);
      if (url.searchParams.get('format') === 'json') json({ response: session, error: null });
      else response.writeHead(302, { Location: session.playback_url }).end();
    } else if (url.pathname.startsWith('/ace/r/')) {
      playContent(response, url.pathname.split('/')[3] ?? '', bitsPerSecond);
    } else if (url.pathname.startsWith('/ace/stat/')) {
      json({ response: STAT, error: null });
    } else if (url.pathname.startsWith('/ace/cmd/')) {
      json({ response: 'ok', error: null });
    } else if (url.pathname === '/bench/sessions') {
      json({ opened: sessions, reading, peak } satisfies EngineSessions);
    } else {
      json({ result: answerService(url.searchParams.get('method') ?? ''), error: null });
    }
  });
  server.listen(port, '127.0.0.1', 4096, () => announceListening(server));
}

endWithParent();
serve(Number(process.argv[2] ?? '0'), Number(process.argv[3] ?? '8') * 1e6);
