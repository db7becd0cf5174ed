import { keyOfRequest } from '../../access';
import type { FastifyRequest } from '../../http';

/** True if the key of the request has the scope `admin`. */
export function isAdmin(request: FastifyRequest): boolean {
  return keyOfRequest(request)?.scope === 'admin';
}
