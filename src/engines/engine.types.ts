import type { LeaveWish } from './leave-wish';
import type { EngineView } from './registry/engine.types';

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
