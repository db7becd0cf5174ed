/** What a stream is doing; `grace`: nobody watches it, and its grace period runs. `playing` is a file, `live` a broadcast. */
export type StreamState =
  'starting' | 'live' | 'playing' | 'stalled' | 'grace' | 'ended' | 'failed';

export type EndReason =
  | 'no_viewers'
  | 'reclaimed'
  | 'stopped'
  | 'joined_other_session'
  | 'looping'
  | 'shutdown'
  /** Not listed, because a playback of the file continues the request: the content is a file, or it plays on another engine. */
  | 'recorded';

/** When the milestones of a start were reached, as ISO 8601; null until then. */
export interface StreamTimeline {
  requestedAt: string;
  engineAnsweredAt: string | null;
  firstByteAt: string | null;
  firstPatAt: string | null;
  firstKeyframeAt: string | null;
}
