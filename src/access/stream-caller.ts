import type { IncomingMessage } from 'node:http';
import { type AddressedRequest, type FastifyRequest, publicAddress } from '../http';
import type { StreamUser } from './stream-user';

/** Who requests a `StreamRoute()`. */
export interface StreamCaller {
  /** Null without a token. */
  readonly user: StreamUser | null;
  /** The secret of the user, as it was sent. */
  readonly secret: string | null;
}

const ANYONE: StreamCaller = { user: null, secret: null };

/** Entries disappear with their requests. */
const callers = new WeakMap<IncomingMessage, StreamCaller>();

/** Call when a request is admitted. */
export function setStreamCaller(request: Pick<FastifyRequest, 'raw'>, caller: StreamCaller): void {
  callers.set(request.raw, caller);
}

export function streamCaller(request: Pick<FastifyRequest, 'raw'>): StreamCaller {
  return callers.get(request.raw) ?? ANYONE;
}

/**
 * The address of this server as the caller must use it, with the caller's token, and without a slash at its end. All
 * addresses in answers to players begin with it.
 */
export function listBase(
  request: AddressedRequest & Pick<FastifyRequest, 'raw'>,
  publicUrl: string | null,
): string {
  const { secret } = streamCaller(request);
  return publicAddress(request, publicUrl) + (secret === null ? '' : `/t/${secret}`);
}
