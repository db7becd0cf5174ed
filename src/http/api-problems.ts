import { ApiExtension } from '@nestjs/swagger';
import { type ErrorCode } from '../kernel/errors';

/** Mark in the OpenAPI document, from which the operation's error responses are made. */
export const PROBLEM_CODES = 'x-problem-codes';

/** Tells the errors of a handler, beside those that every handler of its kind has. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator {
  return ApiExtension(PROBLEM_CODES, codes) as MethodDecorator;
}
