import { ApiExtension } from '@nestjs/swagger';
import { type ErrorCode } from '../kernel/errors';

/** Mark in the OpenAPI document. The operation's error responses are derived from it. */
export const PROBLEM_CODES = 'x-problem-codes';

/** Declares the errors of a handler, in addition to those of every handler of its kind. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator {
  return ApiExtension(PROBLEM_CODES, codes) as MethodDecorator;
}
