import type { Readable } from 'node:stream';

/**
 * Calls `onLine` with each line of a text stream, without its line end. Text beyond `maxChars` in one line is dropped, so
 * that a line without an end takes no memory. Empty lines are skipped.
 */
export function readLines(
  stream: Readable,
  maxChars: number,
  onLine: (line: string) => void,
): void {
  let line = '';
  const flush = (): void => {
    const text = line.trimEnd();
    line = '';
    if (text !== '') onLine(text);
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const [first = '', ...rest] = text.split('\n');
    line = (line + first).slice(0, maxChars);
    for (const part of rest) {
      flush();
      line = part.slice(0, maxChars);
    }
  });
  stream.on('end', flush);
  // A pipe that breaks because the child was killed counts as ended; the exit has the reason.
  stream.on('error', flush);
}
