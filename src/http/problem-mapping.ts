import { HttpException } from '@nestjs/common';
import { AppError, type ErrorCode } from '../kernel/errors';

/** Error codes for the status codes that libraries choose. Other refusals of a request are `invalid_request`. */
const CODE_BY_STATUS: Readonly<Partial<Record<number, ErrorCode>>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'header_too_large',
};

/**
 * Converts any thrown value to an error of the catalogue. Messages of libraries about a bad request are shown to
 * its sender; other messages of libraries are only kept as the cause, for the log.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = statusOf(thrown);
  if (status === null || status < 400 || status > 499) {
    return new AppError('internal_error', 'Something went wrong on our side.', { cause: thrown });
  }
  const code = CODE_BY_STATUS[status] ?? 'invalid_request';
  return new AppError(code, detailOf(thrown), { cause: thrown });
}

function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}

function detailOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.slice(0, 500) : 'The request was refused.';
}
