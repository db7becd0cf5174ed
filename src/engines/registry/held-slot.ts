/** Why a stream must leave an engine at once. */
export type RevocationCode =
  /** Another request needs the slot. */
  | 'preempted'
  /** The engine is removed or restarted, has lost its address or its VPN, or must make room for another engine. */
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
  /** True if the stream has viewers, or a client is about to open it. */
  readonly isWatched: boolean;
  /** True if nothing but a content check has used the slot. */
  readonly isCheckOnly: boolean;
  readonly isRevoked: boolean;
  /** Tells the stream to leave the engine at once. The stream holds the slot until it releases it. */
  revoke(reason: SlotRevocation): void;
}
