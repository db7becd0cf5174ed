/** Time limits of the conversation with engines that callers do not choose themselves, in ms. */
export interface AceTimings {
  /** For the TCP connection alone (PROXY_CONNECTION_TIMEOUT), so that a host that swallows packets does not eat a whole budget. */
  readonly connectTimeoutMs: number;
  /** A `stop` hangs at times; after this it counts as done. */
  readonly stopTimeoutMs: number;
  readonly statTimeoutMs: number;
  /** How long after its deadline a start may still be answered; unknown infohashes take 28 s. */
  readonly lateAnswerMs: number;
  /** How long a start may still be answered whose viewers have left, so that its session is stopped and not leaked. */
  readonly abandonedAnswerMs: number;
  /** How long closing waits for abandoned starts. */
  readonly closeWaitMs: number;
}

export const ACE_TIMINGS: AceTimings = {
  connectTimeoutMs: 10_000,
  stopTimeoutMs: 3_000,
  statTimeoutMs: 5_000,
  lateAnswerMs: 30_000,
  abandonedAnswerMs: 2_000,
  closeWaitMs: 3_000,
};
