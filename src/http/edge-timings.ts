/** How long a caller may take to send its header: slow ones are closed within this and one check. */
export const HEADERS_TIMEOUT_MS = 10_000;

/** How long a whole request may take to arrive. It says nothing about the answer: streams are endless. */
export const REQUEST_TIMEOUT_MS = 20_000;

/**
 * How long a caller may take nothing of an answer that is there as a whole: as long as an HLS player of a segment. Node counts what
 * the kernel took at first as taken when this is over for the first time, so that an answer may last for twice as long.
 */
export const ANSWER_STALL_MS = 15_000;

/** How often both are checked. Node's own 30 s would let a slow caller stay four times as long. */
export const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/** Longer than the idle time-out of common reverse proxies, so that they close first and no request is lost between. */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/** When the first TCP keep-alive probe goes to an idle peer. */
export const TCP_KEEP_ALIVE_DELAY_MS = 30_000;
