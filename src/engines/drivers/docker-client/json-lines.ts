import type { Readable } from 'node:stream';
import { unavailable } from './docker-error';

/** Events and progress are some hundred characters long; labels make them longer. */
const MAX_LINE_CHARS = 1024 * 1024;

/**
 * The values of a stream of JSON texts, one a line, however its bytes are cut. Ends with the stream.
 *
 * @throws DockerError `docker_unavailable` for what is no JSON or has no end; the stream's error as it is
 */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown, void, undefined> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const text of stream as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parse(line);
    if (rest.length > MAX_LINE_CHARS) throw unavailable('Docker sends a line without end');
  }
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw unavailable('what Docker sends is not JSON', error);
  }
}
