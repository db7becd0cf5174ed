import { randomBytes } from 'node:crypto';

export const REQUEST_ID_HEADER = 'X-Request-Id';

/**
 * A new id for one request: 16 hex digits. Ours always, never the caller's header: what a log line says must
 * not be for strangers to choose.
 */
export function newRequestId(): string {
  return randomBytes(8).toString('hex');
}
