import type { AllowedTarget } from '../config';
import { OutboundRequests, type OwnHost, unpack } from '../outbound';
import { GuideFault } from './guide-fault';
import { GuideFileWriter, type WrittenGuide } from './guide-file-writer';
import { GuideMatching, type WantedChannel } from './guide-matching';
import { XmltvReader } from './xmltv-reader';

type Decoder = InstanceType<typeof TextDecoder>;

export const MAX_GUIDE_BYTES = 512 * 1024 * 1024;
const FETCH_WITHIN_MS = 30 * 60_000;
/** Beginning of a gzip body. */
const GZIP = Buffer.from([0x1f, 0x8b]);
/** An XML declaration is within this many bytes. */
const HEAD_BYTES = 256;

/** Headers of an answer by which the server can tell later that the guide has not changed. */
export interface GuideVersion {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface FetchTask {
  readonly kind: 'fetch';
  readonly url: string;
  /** The version that acefleet has. */
  readonly version: GuideVersion;
  readonly wanted: readonly WantedChannel[];
  /** Path of the guide file to write; there is no such file yet. */
  readonly path: string;
  readonly allowed: readonly AllowedTarget[];
  readonly ownHosts: readonly OwnHost[];
}

/** The guide in the file; null if the server says that it has not changed. */
export type FetchResult = (WrittenGuide & GuideVersion) | null;

/**
 * Fetches a guide, reduces it to the wanted channels and writes it to a guide file. Nothing of the guide is kept in memory
 * except its index.
 *
 * @throws GuideFault; AppError; the error of the file system. After an error there is no file
 */
export async function fetchGuide(task: FetchTask, signal: AbortSignal): Promise<FetchResult> {
  const requests = new OutboundRequests(task.allowed, { list: () => task.ownHosts });
  const { status, headers, body } = await requests.get(task.url, {
    signal,
    maxBytes: MAX_GUIDE_BYTES,
    timeoutMs: FETCH_WITHIN_MS,
    headers: conditionOf(task.version),
  });
  try {
    if (status === 304) return null;
    if (status !== 200) {
      throw new GuideFault('guide_status', `the server answers with status ${status}`);
    }
    const written = await reduceGuide(body as AsyncIterable<Buffer>, task.wanted, task.path);
    const { etag = null, 'last-modified': lastModified = null } = headers;
    return { ...written, etag, lastModified };
  } finally {
    body.destroy();
  }
}

/** Reduces the guide in `body`, which may be a gzip file, and writes it to a guide file. @throws like `fetchGuide` */
export async function reduceGuide(
  body: AsyncIterable<Buffer>,
  wanted: readonly WantedChannel[],
  path: string,
): Promise<WrittenGuide> {
  const file = new GuideFileWriter(path);
  try {
    const matching = new GuideMatching(wanted);
    const reader = new XmltvReader(matching, (...programme) => file.add(...programme));
    let decoder: Decoder | null = null;
    let bytes = 0;
    for await (const chunk of await unpacked(body)) {
      bytes += chunk.length;
      if (bytes > MAX_GUIDE_BYTES) {
        throw new GuideFault('guide_too_large', 'the guide has more than 512 MiB');
      }
      decoder ??= decoderOf(chunk);
      reader.write(decoder.decode(chunk, { stream: true }));
    }
    reader.write(decoder?.decode() ?? '');
    reader.end();
    return file.finish();
  } catch (error) {
    file.discard();
    throw error;
  }
}

function conditionOf({ etag, lastModified }: GuideVersion): Record<string, string> {
  if (etag !== null) return { 'if-none-match': etag };
  return lastModified === null ? {} : { 'if-modified-since': lastModified };
}

/** Many guides are gzip files, whatever their names and types say. */
async function unpacked(body: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const chunks = body[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isWhole = false;
  while (head.length < HEAD_BYTES && !isWhole) {
    const next = await chunks.next();
    isWhole = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
  }
  const whole = (async function* (): AsyncGenerator<Buffer, void> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  return head.subarray(0, GZIP.length).equals(GZIP) ? unpack(whole) : whole;
}

/** @throws GuideFault `guide_invalid` for an unknown encoding */
function decoderOf(head: Buffer): Decoder {
  const start = head.toString('latin1', 0, HEAD_BYTES);
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/.exec(
    start,
  )?.[1];
  const isUtf16 = start.startsWith('\xff\xfe') || start.startsWith('\xfe\xff');
  const utf16 = start.startsWith('\xff\xfe') ? 'utf-16le' : 'utf-16be';
  try {
    return new TextDecoder(isUtf16 ? utf16 : (declared ?? 'utf-8'));
  } catch {
    throw new GuideFault('guide_invalid', 'the guide has an unknown character encoding');
  }
}
