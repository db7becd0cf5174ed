/** Why a stream has to leave an engine at once. */
export type RevocationCode =
  /** Another request needs the slot. */
  | 'preempted'
  /** The engine is removed, restarted or cut off. */
  | 'engine_withdrawn';

/** The reason with which a slot is revoked; the message is for operators. */
export class SlotRevocation extends Error {
  constructor(
    readonly code: RevocationCode,
    detail: string,
  ) {
    super(detail);
  }
}

/** A slot of an engine, as far as the registry and the fleet look at it. */
export interface HeldSlot {
  readonly streamId: string;
  /** Somebody watches the stream or waits for it. */
  readonly isWatched: boolean;
  readonly isRevoked: boolean;
  /** Makes the stream leave the engine at once. The slot is held until the stream releases it. */
  revoke(reason: SlotRevocation): void;
}
