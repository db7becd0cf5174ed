import { randomBytes } from 'node:crypto';

export const REQUEST_ID_HEADER = 'X-Request-Id';

/**
 * A new id for one request: 16 hex digits. The caller's header is never used, because strangers must not choose the
 * content of log lines.
 */
export function newRequestId(): string {
  return randomBytes(8).toString('hex');
}
