const HEADER_BYTES = 8;
const MAX_LINE_CHARS = 4000;

/**
 * The newest lines of a log as Docker gives it, newest last. Without a terminal it comes in frames: one byte
 * for stdout (1) or stderr (2), three zeros, four bytes of length, then the text. With a terminal it is the
 * bare text.
 */
export function logLines(log: Buffer, maxLines: number): string[] {
  const lines: string[] = [];
  /** By output: a line may be in several frames, while the other output writes in between. */
  const unfinished = new Map<number, string>();

  for (const { output, text } of frames(log)) {
    const parts = ((unfinished.get(output) ?? '') + text).split('\n');
    unfinished.set(output, parts.pop() ?? '');
    lines.push(...parts);
    if (lines.length > maxLines) lines.splice(0, lines.length - maxLines);
  }
  lines.push(...[...unfinished.values()].filter((text) => text !== ''));
  return lines.slice(-maxLines).map((line) => line.replace(/\r$/, '').slice(0, MAX_LINE_CHARS));
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

/** Null when no frame begins here. The last one may be shorter than it says. */
function frameLength(log: Buffer, at: number): number | null {
  if (log.length - at < HEADER_BYTES) return null;
  const isHeader = (log[at] ?? 255) <= 2 && log.readUIntBE(at + 1, 3) === 0;
  return isHeader ? log.readUInt32BE(at + 4) : null;
}
