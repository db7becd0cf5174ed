/**
 * Someone who may use the addresses of players with a secret of their own. Each secret has one object: other
 * changes are made in place, and a new secret or the removal of the user makes the object invalid.
 */
export interface StreamUser {
  readonly id: string;
  /** Unique. Also the user name of Xtream Codes clients. */
  readonly name: string;
  readonly isEnabled: boolean;
  /** ms since 1970; null: never. */
  readonly expiresAtMs: number | null;
  /** Number of contents that the user may watch at once, counted for each device; null: no limit. */
  readonly maxStreams: number | null;
  /** Addresses and networks from which the user may come; empty: any. */
  readonly cidrs: readonly string[];
  /** Name of the profile of the user's lists, unless a request names another one; null: all channels. */
  readonly profile: string | null;
  /** ms since 1970. */
  readonly createdAtMs: number;
  /** Time of the latest request that was admitted, ms since 1970; null if there was none. */
  readonly lastSeenAtMs: number | null;
}
