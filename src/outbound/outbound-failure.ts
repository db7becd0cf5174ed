import { AppError } from '../kernel/errors';

/** Texts for common errors of connections. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'has broken the connection',
  EHOSTUNREACH: 'is unreachable',
  ENETUNREACH: 'is unreachable',
  ETIMEDOUT: 'accepts no connection in time',
};

/**
 * Translates an error of a request. Messages of Node may contain addresses with a user or a part of an answer, so only
 * its code is shown.
 */
export function outboundFailure(where: string, error: unknown, signal: AbortSignal): Error {
  if (error instanceof AppError) return error;
  if (signal.aborted) return signal.reason as Error;
  const code = (error as NodeJS.ErrnoException).code ?? 'ECONNRESET';
  const reason = REASONS[code] ?? `cannot be fetched from (${code})`;
  return new AppError('outbound_failed', `${where} ${reason}`, { cause: error });
}
