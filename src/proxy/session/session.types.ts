import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';

/**
 * What a session is doing, and who moves it:
 *
 *   starting ──first random access point──▶ live ◀──media── stalled
 *   live ──source ended or silent──▶ stalled
 *   starting ──start failed──▶ failed;  stalled ──outage budget spent, or nothing fits──▶ failed
 *   any ──last viewer gone and grace over, operator, shutdown, joined another session──▶ ended
 *
 * `grace` is not a phase of its own: it is any of the first three while nobody watches, so that a viewer
 * who comes back changes nothing but who is there.
 */
export type SessionPhase = 'starting' | 'live' | 'stalled' | 'ended' | 'failed';

/** `playing` is what recorded content does instead of `live`. */
export type SessionState = SessionPhase | 'grace' | 'playing';

const TRANSITIONS: Readonly<Record<SessionPhase, readonly SessionPhase[]>> = {
  starting: ['live', 'failed', 'ended'],
  live: ['stalled', 'failed', 'ended'],
  stalled: ['live', 'failed', 'ended'],
  ended: [],
  failed: [],
};

export function mayMove(from: SessionPhase, to: SessionPhase): boolean {
  return TRANSITIONS[from].includes(to);
}

export type EndReason =
  | 'no_viewers'
  | 'reclaimed'
  | 'stopped'
  | 'joined_other_session'
  | 'looping'
  | 'shutdown'
  /** The content is a file: another room hands it through. */
  | 'recorded';

/** One try on one engine, for the operator who asks why. */
export interface Attempt {
  readonly engineId: string;
  /** Id of the channel's source that was tried; null for a content without a channel. */
  readonly source: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds the try lasted; null while it runs. */
  durationMs: number | null;
  /** `running`, `playing`, or why it ended, e.g. `silence`, `http_500: start timeout`. */
  outcome: string;
}

/** When the milestones of a start were reached, as ISO 8601; null until then. */
export interface SessionTimeline {
  requestedAt: string;
  engineAnsweredAt: string | null;
  firstByteAt: string | null;
  firstPatAt: string | null;
  firstKeyframeAt: string | null;
}

/** The engine a session runs on and what it said. */
export interface CurrentEngine {
  readonly lease: SlotLease;
  /** Null until the engine has answered. */
  readonly engineSession: EngineSession | null;
}
