import { AppError } from '../kernel/errors';

/**
 * Returns the value of a query parameter that allows only `words`; the first of them if the parameter is missing.
 *
 * @throws AppError `invalid_request`
 */
export function readWord<Word extends string>(
  parameters: URLSearchParams,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const [text, ...more] = parameters.getAll(name);
  if (text === undefined) return words[0];
  const word = words.find((one) => one === text);
  if (word !== undefined && more.length === 0) return word;
  throw new AppError('invalid_request', `${name} must be ${words.join(' or ')}, given once.`);
}
