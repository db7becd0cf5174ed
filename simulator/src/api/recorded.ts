import type { Engine } from '../engine';
import { openRecordedFile, type RecordedFile } from '../media/recorded-file';
import { FileReader } from '../playback/file-reader';
import { planPlayback } from '../playback/playback-plan';
import type { EngineSession } from '../sessions';
import type { Answer } from './answer';
import type { Exchange } from './exchange';
import { headText, writeHead } from './wire';

/** Bytes `from` to `to` (exclusive); null: the whole file; `unsatisfiable`: no byte of the file. */
export type WantedBytes = { readonly from: number; readonly to: number } | 'unsatisfiable' | null;

/** The requested range. Several ranges, and invalid ones, are ignored, as RFC 9110 allows. */
export function wantedBytes(range: string | undefined, length: number): WantedBytes {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return null;
  if (first === '') {
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? 'unsatisfiable' : { from: length - suffix, to: length };
  }
  if (Number(first) >= length) return 'unsatisfiable';
  if (last !== '' && Number(last) < Number(first)) return null;
  return { from: Number(first), to: last === '' ? length : Math.min(length, Number(last) + 1) };
}

function wantedOf(exchange: Exchange, file: RecordedFile): WantedBytes {
  if (exchange.faults.has('no_ranges')) return null;
  const { range, 'if-range': ifRange } = exchange.request.headers;
  const isOther =
    typeof ifRange === 'string' && ifRange !== file.etag && ifRange !== file.lastModified;
  return isOther ? null : wantedBytes(range, file.length);
}

/** A recorded content has a length. It is sent from any position as fast as the client reads. */
export async function recorded(
  engine: Engine,
  exchange: Exchange,
  session: EngineSession,
): Promise<Answer | null> {
  const file = openRecordedFile(session.content, engine.contents.timeline(session.content));
  const wanted = wantedOf(exchange, file);
  if (wanted === 'unsatisfiable') {
    file.close();
    const headers: [string, string][] = [['Content-Range', `bytes */${file.length}`]];
    return { status: 416, headers, body: Buffer.alloc(0) };
  }
  const { from, to } = wanted ?? { from: 0, to: file.length };
  const length = exchange.faults.get('content_length_wrong')?.number('length', to - from + 100);
  const hasRanges = !exchange.faults.has('no_ranges');
  const head = headText(engine.facts.serverHeader, wanted === null ? 200 : 206, [
    ['Content-Type', file.type],
    ...(hasRanges ? ([['Accept-Ranges', 'bytes']] as [string, string][]) : []),
    ['Content-Length', String(length ?? to - from)],
    ...(wanted === null
      ? []
      : ([['Content-Range', `bytes ${from}-${to - 1}/${file.length}`]] as [string, string][])),
    ['ETag', file.etag],
    ['Last-Modified', file.lastModified],
  ]);
  if (!(await writeHead(exchange, head)) || session.ended !== null) {
    file.close();
    exchange.socket.destroy();
    return null;
  }
  const reader = new FileReader(
    session,
    file,
    from,
    to,
    exchange.socket,
    planPlayback(exchange.faults),
    {
      steal: (stolen) => engine.sessions.end(stolen, 'stolen', true),
      crash: engine.crash,
      onClose: (closed) => engine.readerClosed(closed),
    },
  );
  engine.readerOpened(reader);
  return null;
}
