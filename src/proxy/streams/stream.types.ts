/**
 * The state of a stream as the API shows it. `grace`: nobody watches or holds the stream. `playing` is used for files only,
 * `live` for broadcasts only.
 */
export type StreamState =
  'starting' | 'live' | 'playing' | 'stalled' | 'grace' | 'ended' | 'failed';

/** Why a stream ended that did not fail. */
export const END_REASONS = [
  'no_viewers',
  'reclaimed',
  'stopped',
  'joined_other_session',
  'looping',
  'shutdown',
  // The content is a file, or it plays on another engine. Such a stream is not listed after its end, because a file
  // playback continues the request.
  'recorded',
] as const;

export type EndReason = (typeof END_REASONS)[number];

/** When the milestones of a start were reached, as ISO 8601; null until then. */
export interface StreamTimeline {
  requestedAt: string;
  engineAnsweredAt: string | null;
  firstByteAt: string | null;
  firstPatAt: string | null;
  firstKeyframeAt: string | null;
}
