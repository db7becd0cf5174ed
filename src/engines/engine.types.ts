import type { EngineEndpoint } from '../ace';
import type { LeaveWish } from './leave-wish';

/**
 * What an engine is doing, and who moves it:
 *
 *   starting ──probe ok──▶ healthy ◀──probe ok── suspect ──misses──▶ unhealthy ──3 probes ok──▶ healthy
 *   healthy ──miss, or a stream's complaint──▶ suspect;  any ──operator, fleet──▶ draining;  any ──driver──▶ gone
 */
export type EngineState = 'starting' | 'healthy' | 'suspect' | 'unhealthy' | 'draining' | 'gone';

/** Who takes an engine out of selection. What an operator decided is the operator's to lift. */
export type DrainedBy = 'operator' | 'fleet';

/** What a driver knows about an engine when it announces it. */
export interface EngineDescription {
  /** Stable: `static-HOST-PORT`, `sim-N`, or the container's id. */
  readonly id: string;
  readonly name: string;
  readonly endpoint: EngineEndpoint;
  /** Port of the old line protocol (62062), when known; shown, not used. */
  readonly apiPort: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** True when the engine holds a VPN's forwarded port; such engines reach more peers. */
  readonly forwarded: boolean;
  readonly vpn: string | null;
}

/** What a room outside `engines` may see of an engine. */
export interface EngineView extends EngineDescription {
  readonly state: EngineState;
}

/** One slot of one engine, held by one stream. */
export interface EngineLease {
  readonly engine: EngineView;
  readonly streamId: string;
  /**
   * Aborted when the stream has to leave the engine; the reason is an Error whose message is words for
   * the event log. The slot stays held until it is released.
   */
  readonly revoked: AbortSignal;
  /** Set when the stream is to leave an engine that still works, by a planned move. */
  readonly unwanted: LeaveWish;
  /** Somebody watches the stream, or waits for it. */
  readonly isWanted: boolean;
  /** Of a first start, until `prove`: nobody knows yet whether it keeps the slot. */
  readonly isUnproved: boolean;
  /** What was started on it plays. Idempotent. */
  prove(): void;
  /** True from `vacate` on. */
  readonly isVacated: boolean;
  /** The stream has done with the engine: the slot is given back as soon as its session there is stopped, 3 s at most. */
  vacate(): void;
  /** Gives the slot back. Idempotent. */
  release(): void;
}

export interface AcquireRequest {
  /** Public id of the stream the slot is for. */
  readonly streamId: string;
  /** Engines not to be chosen: those that just failed on this content. */
  readonly excluded: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /**
   * False: take a slot that is free now, that is just being given back or that an idle session can give up, but wait for no
   * engine to come, and for no slot that may come free or not. True when left out.
   */
  readonly mayWait?: boolean;
  /** False: no idle session gives up its slot for it. True when left out. */
  readonly mayReclaim?: boolean;
  /** Only this engine will do. */
  readonly only?: string;
  /**
   * Nobody has seen the stream yet. The slot counts as unproved until it plays, and while all slots are taken the request,
   * if it `mayWait`, waits for those of others that are unproved. False when left out.
   */
  readonly isFirstStart?: boolean;
  /**
   * Whether a slot of an engine that is not among `excluded` may come free soon for another reason: then it waits, too.
   * Looked at again with every `reconsider`.
   */
  readonly mayHope?: (excluded: ReadonlySet<string>) => boolean;
  /**
   * False while nobody watches the stream or waits for it: others go first, nobody gives up a slot for it, and no engine is
   * added because of the slot that it holds.
   */
  readonly isWanted?: () => boolean;
}

/** What streams tell about the engine they run on; health takes it as a hint and probes at once. */
export type EngineComplaint =
  | 'connect_refused'
  | 'answer_timeout'
  | 'bad_answer'
  | 'reset'
  | 'silence'
  | 'unresponsive'
  | 'starving';
