/** Why a stream must leave an engine at once. */
export type RevocationCode =
  /** Another request needs the slot. */
  | 'preempted'
  /** The engine is removed, restarted or cut off. */
  | 'engine_withdrawn';

/** The reason with which a slot is revoked. The message is for operators. */
export class SlotRevocation extends Error {
  constructor(
    readonly code: RevocationCode,
    detail: string,
  ) {
    super(detail);
  }
}

/** A slot of an engine as the registry and the fleet see it. */
export interface HeldSlot {
  readonly streamId: string;
  /** True if the stream has or awaits viewers. */
  readonly isWatched: boolean;
  readonly isRevoked: boolean;
  /** Tells the stream to leave the engine at once. The stream holds the slot until it releases it. */
  revoke(reason: SlotRevocation): void;
}
