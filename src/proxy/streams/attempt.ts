/** What became of an attempt to read a source; documented in docs/streams.md. */
export const ATTEMPT_OUTCOMES = [
  'running',
  'preparing',
  'playing',
  'stopped',
  'superseded',
  'not_moved',
  'engine_withdrawn',
  'preempted',
  'joined_other_stream',
  'played_elsewhere',
  'engine_failed',
  'session_failed',
  'no_peers',
  'content_unknown',
  'recorded_content',
  'unsupported_media',
  'start_timeout',
  'end',
  'reset',
  'silence',
  'session_gone',
  'engine_unresponsive',
  'looping',
  'garbage',
  'no_tables',
  'programme_changed',
  'no_splice_point',
  'excessive_tables',
  'excessive_join_points',
  'excessive_timeline_breaks',
  'excessive_segments',
  'excessive_splice_search',
  'source_lost_too_often',
  'internal_error',
] as const;

export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One attempt to read a content from an engine. */
export interface Attempt {
  readonly engineId: string;
  /** Id of the channel's source that was tried; null for a content without a channel. */
  readonly source: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds the attempt lasted; null while it runs. */
  durationMs: number | null;
  outcome: AttemptOutcome;
  /** More about the outcome, for an operator; null when there is no more to say. */
  detail: string | null;
}
