import { AppError, type ErrorCode } from '../../kernel/errors';
import { Turns } from '../../kernel/turns';

/** Far more than 10,000 channels with several sources and long addresses of pictures need. */
export const MAX_LIST_BYTES = 16 * 1024 * 1024;
export const MAX_LINE_BYTES = 16 * 1024;

const LINE_FEED = 10;

/**
 * Yields the lines of a list with their line ends, some at a time. Long lists are divided into turns of the event loop.
 *
 * @param tooLarge the code of the error for a list beyond `MAX_LIST_BYTES`
 * @throws AppError `tooLarge`; `unusable_list` for a line beyond `MAX_LINE_BYTES`; the error of `chunks`
 */
export async function* readListLines(
  chunks: AsyncIterable<Buffer>,
  tooLarge: Extract<ErrorCode, 'payload_too_large' | 'unusable_list'>,
): AsyncGenerator<readonly Buffer[], void> {
  const turns = new Turns();
  let bytes = 0;
  let count = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) {
      throw new AppError(
        tooLarge,
        `The list is larger than ${MAX_LIST_BYTES / 1024 / 1024} MiB, which is the limit.`,
      );
    }
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      const end = chunk.subarray(from, at + 1);
      lines.push(rest.length === 0 ? end : Buffer.concat([rest, end]));
      rest = Buffer.alloc(0);
      from = at + 1;
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
    const tooLong = [...lines, rest].findIndex(({ length }) => length > MAX_LINE_BYTES);
    if (tooLong >= 0) {
      throw new AppError(
        'unusable_list',
        `Line ${count + tooLong + 1} of the list is longer than ${MAX_LINE_BYTES / 1024} KiB, which is the limit.`,
      );
    }
    count += lines.length;
    yield lines;
    if (turns.isOver) await turns.next();
  }
  if (rest.length > 0) yield [rest];
}
