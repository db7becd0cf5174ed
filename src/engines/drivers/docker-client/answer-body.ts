import type { Readable } from 'node:stream';
import { unavailable } from './docker-error';

/** A list of a thousand containers has about 4 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** @throws DockerError when the body has more than `maxBytes`; the stream's own error */
export async function readBody(
  body: AsyncIterable<unknown>,
  maxBytes = MAX_BODY_BYTES,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw unavailable('the answer of Docker is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The longest event has a few kilobytes; labels make it longer. */
const MAX_JSON_LINE_CHARS = 1024 * 1024;

/**
 * Yields the JSON value of each line of a stream. Ends with the stream.
 *
 * @throws DockerError `docker_unavailable` for text that is not JSON and for a line without end; the stream's own
 *   error
 */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown, void, undefined> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const text of stream as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parse(line);
    if (rest.length > MAX_JSON_LINE_CHARS) throw unavailable('Docker sent a line without end');
  }
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw unavailable('Docker sent text that is not JSON', error);
  }
}

const HEADER_BYTES = 8;
const MAX_LOG_LINE_CHARS = 4000;

/**
 * The newest lines of a log as Docker sends it, newest last. Without a terminal the log comes in frames: one byte
 * for stdout (1) or stderr (2), three zeros, four bytes of length, then the text. With a terminal it is plain
 * text.
 */
export function logLines(log: Buffer, maxLines: number): string[] {
  const lines: string[] = [];
  /** The unfinished line of each output: a line may span several frames while the other output writes in between. */
  const unfinished = new Map<number, string>();

  for (const { output, text } of frames(log)) {
    const parts = ((unfinished.get(output) ?? '') + text).split('\n');
    unfinished.set(output, parts.pop() ?? '');
    lines.push(...parts);
    if (lines.length > maxLines) lines.splice(0, lines.length - maxLines);
  }
  lines.push(...[...unfinished.values()].filter((text) => text !== ''));
  return lines.slice(-maxLines).map((line) => line.replace(/\r$/, '').slice(0, MAX_LOG_LINE_CHARS));
}

interface Frame {
  readonly output: number;
  readonly text: string;
}

function* frames(log: Buffer): Generator<Frame> {
  let at = 0;
  while (at < log.length) {
    const length = frameLength(log, at);
    if (length === null) {
      yield { output: 0, text: log.toString('utf8', at) };
      return;
    }
    const start = at + HEADER_BYTES;
    yield { output: log[at] ?? 0, text: log.toString('utf8', start, start + length) };
    at = start + length;
  }
}

/** Null when no frame begins at this position. The last frame may be shorter than its header says. */
function frameLength(log: Buffer, at: number): number | null {
  if (log.length - at < HEADER_BYTES) return null;
  const isHeader = (log[at] ?? 255) <= 2 && log.readUIntBE(at + 1, 3) === 0;
  return isHeader ? log.readUInt32BE(at + 4) : null;
}
