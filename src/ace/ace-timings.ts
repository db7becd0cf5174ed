/** Time limits of calls to engines that callers do not choose themselves, in ms. */
export interface AceTimings {
  /**
   * Limit for the TCP connection alone (PROXY_CONNECTION_TIMEOUT), so that a host that drops packets does not use up
   * the whole time of a call.
   */
  readonly connectTimeoutMs: number;
  /** Engines sometimes hang on `stop`; after this time the session counts as stopped. */
  readonly stopTimeoutMs: number;
  readonly statTimeoutMs: number;
  /** How long after its deadline a start may still be answered; engines take 28 s to refuse unknown infohashes. */
  readonly lateAnswerMs: number;
  /** How long an engine may still be busy with a start after we have closed its connection. */
  readonly busyAfterCutMs: number;
  /** How long `close` waits for abandoned starts. */
  readonly closeWaitMs: number;
}

export const ACE_TIMINGS: AceTimings = {
  connectTimeoutMs: 10_000,
  stopTimeoutMs: 3_000,
  statTimeoutMs: 5_000,
  lateAnswerMs: 30_000,
  busyAfterCutMs: 2_000,
  closeWaitMs: 3_000,
};
