import { type AppError } from '../kernel/errors';

export const PROBLEM_TYPE = 'application/problem+json';

/** Header fields of every response with this error, including those that its status code requires. */
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
