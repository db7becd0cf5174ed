import { type AppError } from '../kernel/errors';

export const PROBLEM_TYPE = 'application/problem+json';

/** Header fields that every answer of this error carries, with the ones that its status asks for. */
export function problemHeaders(error: AppError): Record<string, string> {
  return {
    'Content-Type': PROBLEM_TYPE,
    'Cache-Control': 'no-store',
    ...(error.retryAfterS === undefined
      ? {}
      : { 'Retry-After': String(Math.ceil(error.retryAfterS)) }),
    ...(error.code === 'unauthorized' ? { 'WWW-Authenticate': 'Bearer' } : {}),
  };
}
