import type { Engine } from '../engine';
import { ChunkedBody, GzipBody, PlainBody, type BodyWriter } from '../playback/body-writer';
import { planPlayback } from '../playback/playback-plan';
import { Reader } from '../playback/reader';
import { textAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';
import { recorded } from './recorded';
import { headText, writeHead } from './wire';

/** Other kinds of media instead of the stream. */
const FOREIGN_MEDIA: Readonly<Record<string, { readonly type: string; readonly start: Buffer }>> = {
  mp4: {
    type: 'video/mp4',
    start: Buffer.from('0000001c6674797069736f6d0000020069736f6d69736f326d703431', 'hex'),
  },
  matroska: {
    type: 'video/x-matroska',
    start: Buffer.from('1a45dfa3a34286810142f7810142f281', 'hex'),
  },
  html: { type: 'text/html', start: Buffer.from('<html><body>Not a stream</body></html>') },
};

function foreignMedia(exchange: Exchange): Answer | null {
  const fault = exchange.faults.get('media_kind');
  if (!fault) return null;
  const media = FOREIGN_MEDIA[fault.text('media', 'mp4')] ?? {
    type: 'application/octet-stream',
    start: Buffer.alloc(0),
  };
  const body = Buffer.concat([media.start, Buffer.alloc(fault.number('bytes', 1_000_000))]);
  return {
    status: 200,
    headers: [['Content-Type', fault.text('content_type', media.type)]],
    body,
  };
}

/** Framing of the body and its headers, changed by faults; by default the body ends with the connection. */
function framing(exchange: Exchange): { body: BodyWriter; headers: [string, string][] } {
  const { faults, socket } = exchange;
  const type: [string, string] = [
    'Content-Type',
    faults.get('media_kind')?.text('content_type', '') ?? 'video/mp2t',
  ];
  const chunked = faults.get('chunked');
  if (chunked) {
    return {
      body: new ChunkedBody(socket, chunked.number('size', 0)),
      headers: [type, ['Transfer-Encoding', 'chunked']],
    };
  }
  if (faults.has('gzip')) {
    return { body: new GzipBody(socket), headers: [type, ['Content-Encoding', 'gzip']] };
  }
  const length = faults.get('content_length_wrong')?.number('length', 1_000_000);
  const single = faults.get('one_byte_chunks')?.number('bytes', 2000) ?? 0;
  return {
    body: new PlainBody(socket, single),
    headers: length === undefined ? [type] : [type, ['Content-Length', String(length)]],
  };
}

/** `GET /content/<infohash>/<token>`: the media, for one reader per session. */
export async function media(
  engine: Engine,
  exchange: Exchange,
  token: string,
): Promise<Answer | null> {
  const session = engine.sessions.ofToken(token);
  if (!session) return textAnswer(403, 'Forbidden');
  if (session.readers.size > 0) {
    engine.secondReaderViolations += 1;
    const head = headText(engine.facts.serverHeader, 200, [['Content-Type', 'video/mp2t']]);
    exchange.socket.end(`HTTP/1.1 200 OK\r\n${head}`);
    return null;
  }
  const foreign = foreignMedia(exchange);
  if (foreign) return foreign;
  if (session.content.settings.isLive === 0) {
    return recorded(engine, exchange, session);
  }
  const { body, headers } = framing(exchange);
  const head = headText(engine.facts.serverHeader, 200, headers);
  exchange.socket.setNoDelay(true);
  if (!(await writeHead(exchange, head)) || session.ended !== null) {
    exchange.socket.destroy();
    return null;
  }
  const reader = new Reader(
    session,
    engine.contents.timeline(session.content),
    exchange.socket,
    body,
    planPlayback(exchange.faults),
    {
      pacer: engine.pacer,
      steal: (stolen) => engine.sessions.end(stolen, 'stolen', true),
      crash: engine.crash,
      onClose: (closed) => engine.readerClosed(closed),
    },
  );
  engine.readerOpened(reader);
  return null;
}
