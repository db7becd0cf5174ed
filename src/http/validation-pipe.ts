import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { AppError } from '../kernel/errors';

/**
 * Maximum number of complaints in a response, so that a body with thousands of unknown fields does not get an
 * answer of its size.
 */
const MAX_COMPLAINTS = 5;
const MAX_COMPLAINT_LENGTH = 200;

/** Validates inputs against their DTOs. Unknown fields and wrong values are `invalid_request` with an explanation. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new AppError('invalid_request', describe(errors)),
  });
}

function describe(errors: readonly ValidationError[]): string {
  const complaints = errors.flatMap(collect).slice(0, MAX_COMPLAINTS);
  return `${complaints.map((text) => text.slice(0, MAX_COMPLAINT_LENGTH)).join('; ')}.`;
}

function collect(error: ValidationError): string[] {
  return [...Object.values(error.constraints ?? {}), ...(error.children ?? []).flatMap(collect)];
}
