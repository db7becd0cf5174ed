/** Time on air of packet `index` of the current data, ms since 1970. */
export type DueMs = (index: number) => number;

/**
 * Changes outgoing media; `offset` is the position of `data` in the body. May change the length, but functions that
 * add packets replace null packets instead.
 */
export type Damage = (data: Buffer, offset: number, dueMs: DueMs) => Buffer;
