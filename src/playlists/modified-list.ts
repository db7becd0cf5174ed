import { type AceAddress, MAX_LIST_BYTES, readAceAddress, readListLines } from '../channels';
import { AppError } from '../kernel/errors';
import type { OutboundRequests } from '../outbound';

const TIMEOUT_MS = 60_000;

/**
 * Yields the list at an address with the addresses of AceStream content replaced by those of this server. All else stays
 * as it is.
 *
 * @param origin the address of this server, as the client must use it
 * @param isUntrusted true if the client is no administrator
 * @throws AppError `outbound_refused`, `outbound_failed`; `unusable_list` for a list beyond a limit, or if it is no list
 */
export async function* modifiedList(
  outbound: Pick<OutboundRequests, 'get'>,
  url: string,
  origin: string,
  isUntrusted: boolean,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const { status, body } = await outbound.get(url, {
    signal,
    // The reader of the list ends a list that is too large, with an error that names the limit.
    maxBytes: 2 * MAX_LIST_BYTES,
    timeoutMs: TIMEOUT_MS,
    headers: { 'Accept-Encoding': 'identity' },
    isUntrusted,
  });
  if (status !== 200) {
    body.destroy();
    throw new AppError('outbound_failed', `the server of the list answers with status ${status}`);
  }
  let isFirst = true;
  for await (const lines of readListLines(body, 'unusable_list')) {
    if (isFirst && lines[0] !== undefined) {
      mustBeginList(lines[0]);
      isFirst = false;
    }
    if (lines.length > 0) yield Buffer.concat(lines.map((line) => modifiedLine(line, origin)));
  }
}

/** Throws if no list begins like this. Other documents, such as pages of other programs, must not be passed on. */
function mustBeginList(line: Buffer): void {
  const text = line
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trim();
  if (/^#EXT/i.test(text) || readAceAddress(text) !== null) return;
  throw new AppError('unusable_list', 'There is no M3U list at the address.');
}

function modifiedLine(line: Buffer, origin: string): Buffer {
  // Each byte becomes one character and back, whatever the encoding of the list is.
  const text = line.toString('latin1');
  if (text.startsWith('#')) return line;
  const address = readAceAddress(text);
  if (address === null) return line;
  const [, before = '', plain = '', after = ''] = /^(\s*)([^|\s]*)(.*)$/s.exec(text) ?? [];
  return plain === '' ? line : Buffer.from(before + addressHere(address, origin) + after, 'latin1');
}

function addressHere({ kind, id, isHls, fileIndex }: AceAddress, origin: string): string {
  const path = isHls ? '/ace/manifest.m3u8' : '/ace/getstream';
  const file = fileIndex === null ? '' : `&_idx=${fileIndex}`;
  return `${origin}${path}?${kind === 'infohash' ? 'infohash' : 'id'}=${id}${file}`;
}
