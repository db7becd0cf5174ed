/**
 * The state of a stream as the API shows it. In `grace`, nobody watches or holds the stream. Only files are `playing`,
 * and only broadcasts are `live` or `stalled`.
 */
export type StreamState =
  'starting' | 'live' | 'playing' | 'stalled' | 'grace' | 'ended' | 'failed';

/** Why a stream has ended without an error. */
export const END_REASONS = [
  'no_viewers',
  'reclaimed',
  'stopped',
  'joined_other_session',
  'looping',
  'shutdown',
  // A file playback continues the request: after a broadcast start that found a file, or after a playback that found no
  // engine. Such a stream is not listed among past streams.
  'recorded',
] as const;

export type EndReason = (typeof END_REASONS)[number];

/** When the start reached each milestone, in ISO 8601; null before that. */
export interface StreamTimeline {
  requestedAt: string;
  engineAnsweredAt: string | null;
  firstByteAt: string | null;
  firstPatAt: string | null;
  firstKeyframeAt: string | null;
}
