/** Time in which the header of a request must arrive. A slower caller is disconnected at the next check. */
export const HEADERS_TIMEOUT_MS = 10_000;

/** Time in which a whole request must arrive. The response is not limited, because streams are endless. */
export const REQUEST_TIMEOUT_MS = 20_000;

/**
 * Time after which a caller that reads nothing of a complete response is disconnected; the same as for HLS segments.
 * The first time that it passes, Node counts the bytes that the kernel has accepted so far as progress. The caller
 * may therefore stay for twice this time.
 */
export const ANSWER_STALL_MS = 15_000;

/**
 * Interval at which Node checks the times for headers and requests. With its default of 30 s, slow callers would stay
 * much longer.
 */
export const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/**
 * Longer than the idle time-out of common reverse proxies, so that the proxy closes the connection first. Otherwise a
 * request could arrive just when the server closes it, and be lost.
 */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/** Idle time after which the first TCP keep-alive probe is sent. */
export const TCP_KEEP_ALIVE_DELAY_MS = 30_000;
