import { AppError } from '../kernel/errors';

const MAX_NAMES = 500;

/**
 * The values in a request, written as in the environment; null and empty text mean "back to the default".
 *
 * @throws AppError `invalid_request`
 */
export function givenTexts(body: unknown): ReadonlyMap<string, string | null> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_request', 'The settings must be an object of names and values.');
  }
  const entries = Object.entries(body);
  if (entries.length > MAX_NAMES) {
    throw new AppError('invalid_request', `At most ${MAX_NAMES} settings are allowed.`);
  }
  return new Map(entries.map(([name, value]) => [name, textOf(name, value)]));
}

function textOf(name: string, value: unknown): string | null {
  if (value === null) return null;
  // As in the environment, an empty value counts as not set.
  if (typeof value === 'string') return value.trim() || null;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new AppError(
    'invalid_request',
    `${name.slice(0, 100)} must be a text, a number, true, false or null.`,
  );
}
