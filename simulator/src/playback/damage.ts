/** When packet `index` of the data at hand is due on air, ms since 1970. */
export type DueMs = (index: number) => number;

/**
 * Changes outgoing media; `offset` is where `data` begins in the body. May change the length, but those that look at packets
 * replace them: null packets make room for what comes on top.
 */
export type Damage = (data: Buffer, offset: number, dueMs: DueMs) => Buffer;
