/** The possible outcomes and states of an attempt. docs/streams.md explains each of them. */
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

/** One attempt to play a content on an engine. */
export interface Attempt {
  readonly engineId: string;
  /** Id of the channel's source that was tried; null for a content without a channel. */
  readonly source: string | null;
  /** Wall clock time in ISO 8601. */
  readonly startedAt: string;
  /** How long the attempt lasted, in ms; null while it runs. */
  durationMs: number | null;
  outcome: AttemptOutcome;
  /** Explains the outcome to an operator; null if the outcome says everything. */
  detail: string | null;
}
