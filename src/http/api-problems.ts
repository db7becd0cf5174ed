import { ApiExtension } from '@nestjs/swagger';
import { type ErrorCode } from '../kernel/errors';

/** Extension of the OpenAPI document from which the error responses of an operation are derived. */
export const PROBLEM_CODES = 'x-problem-codes';

/** Declares the errors of a handler, in addition to those of every handler of its kind. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator {
  return ApiExtension(PROBLEM_CODES, codes) as MethodDecorator;
}
