import { type IncomingMessage } from 'node:http';
import { AppError } from '../kernel/errors';
import { formatSize } from '../kernel/units';
import { unpack } from './gzip-body';
import { outboundFailure } from './outbound-failure';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** The body of an answer, unpacked if it was compressed for the transfer. @throws AppError `outbound_failed` */
export async function* limitBody(
  response: IncomingMessage,
  where: string,
  { maxBytes, silenceMs, signal }: BodyLimits,
): AsyncGenerator<Buffer, void> {
  const fail = (detail: string): AppError => new AppError('outbound_failed', `${where} ${detail}`);
  const onAbort = (): void => void response.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const isPacked = encoding === 'gzip' || encoding === 'x-gzip';
    if (!isPacked && encoding !== 'identity') {
      throw fail('sends an encoding that was not requested');
    }
    const received = heard(response, silenceMs, () => fail(`is silent for ${silenceMs} ms`));
    let bytes = 0;
    for await (const chunk of isPacked ? unpack(received) : received) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw fail(`sends more than ${formatSize(maxBytes)}`);
      yield chunk;
    }
  } catch (error) {
    throw outboundFailure(where, error, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    response.destroy();
  }
}

/** Yields the parts of a body. Fails if a part takes too long to arrive; the time that the reader needs does not count. */
async function* heard(
  response: IncomingMessage,
  silenceMs: number,
  silent: () => Error,
): AsyncGenerator<Buffer, void> {
  const parts = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const timer = setTimeout(() => response.destroy(silent()), silenceMs);
    try {
      const part = await parts.next();
      if (part.done === true) return;
      yield part.value;
    } finally {
      clearTimeout(timer);
    }
  }
}
