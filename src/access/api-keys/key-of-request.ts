import type { IncomingMessage } from 'node:http';
import { type FastifyRequest } from '../../http';
import type { PresentedApiKey } from './api-keys';

/** Entries disappear with their requests. */
const keys = new WeakMap<IncomingMessage, PresentedApiKey>();

/** Call when a request is admitted because of its key. */
export function setKeyOfRequest(request: Pick<FastifyRequest, 'raw'>, key: PresentedApiKey): void {
  keys.set(request.raw, key);
}

/** The key because of which a request was admitted; null for the request of a route that needs none. */
export function keyOfRequest(request: Pick<FastifyRequest, 'raw'>): PresentedApiKey | null {
  return keys.get(request.raw) ?? null;
}
