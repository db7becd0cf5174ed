/** Time in which a caller must send its header; slow callers are closed within this time and one check interval. */
export const HEADERS_TIMEOUT_MS = 10_000;

/** Time in which a whole request must arrive. The response is not limited, because streams are endless. */
export const REQUEST_TIMEOUT_MS = 20_000;

/**
 * Time after which a caller that reads nothing of a complete response is disconnected, the same as for HLS
 * segments. When this time has passed once, Node counts the bytes that the kernel has accepted as progress, so the
 * limit can take effect after twice this time.
 */
export const ANSWER_STALL_MS = 15_000;

/** Interval of both checks. With Node's own 30 s, a slow caller would stay four times as long. */
export const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/**
 * Longer than the idle time-out of common reverse proxies, so that the proxies close first and no request is lost
 * in between.
 */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/** Idle time after which the first TCP keep-alive probe is sent. */
export const TCP_KEEP_ALIVE_DELAY_MS = 30_000;
