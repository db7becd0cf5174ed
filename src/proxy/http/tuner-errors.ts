import { AppError, type ErrorCode } from '../../kernel/errors';

/** Header in which an HDHomeRun tuner gives the reason for a refusal. */
export const TUNER_ERROR_HEADER = 'X-HDHomeRun-Error';

const UNKNOWN_CHANNEL = '801';
const ALL_TUNERS_IN_USE = '805';
const TUNE_FAILED = '806';
const NO_VIDEO_DATA = '807';

const BY_CODE: Readonly<Partial<Record<ErrorCode, string>>> = {
  content_not_found: UNKNOWN_CHANNEL,
  no_capacity: ALL_TUNERS_IN_USE,
  client_limit: ALL_TUNERS_IN_USE,
  egress_limit: ALL_TUNERS_IN_USE,
  rate_limited: ALL_TUNERS_IN_USE,
  start_timeout: NO_VIDEO_DATA,
};

/** The code by which clients of an HDHomeRun tuner know why a channel cannot be played. */
export function tunerErrorOf(error: unknown): string {
  return (error instanceof AppError ? BY_CODE[error.code] : undefined) ?? TUNE_FAILED;
}
