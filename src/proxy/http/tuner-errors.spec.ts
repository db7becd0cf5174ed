import { AppError, type ErrorCode } from '../../kernel/errors';
import { tunerErrorOf } from './tuner-errors';

it.each<[ErrorCode, string]>([
  ['content_not_found', '801'],
  ['no_capacity', '805'],
  ['client_limit', '805'],
  ['egress_limit', '805'],
  ['rate_limited', '805'],
  ['engine_failed', '806'],
  ['shutting_down', '806'],
  ['start_timeout', '807'],
])('%s: %s', (code, expected) => {
  expect(tunerErrorOf(new AppError(code, 'x'))).toBe(expected);
});

it('an unexpected error is a failed tune', () => {
  expect(tunerErrorOf(new Error('x'))).toBe('806');
});
