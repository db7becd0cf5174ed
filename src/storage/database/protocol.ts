/** A value that a column can hold. Others, such as booleans, abort the process inside libsql. */
export type SqlValue = string | number | bigint | null;

/** @throws TypeError for a value that is not an `SqlValue`, or a text that libsql would cut off at a NUL character */
export function toSqlValue(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') {
    if (!value.includes('\0')) return value;
    throw new TypeError('a column cannot hold a text with a NUL character');
  }
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) {
    return value;
  }
  throw new TypeError(
    `a column cannot hold ${typeof value === 'number' ? value : `a ${typeof value}`}`,
  );
}

export type DatabaseRequest =
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'execute'; readonly sql: string; readonly values: readonly SqlValue[] }
  /** Writes the copy that replaces a damaged database. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'close' };

/** What opening the database has found. */
export interface Opening {
  /** Null if the file was in order, or new. */
  readonly damage: { readonly detail: string; readonly reason: string } | null;
  /** True if the file system allows no changes. */
  readonly isReadOnly: boolean;
}

export interface SqlResult {
  readonly rows: readonly unknown[];
  /** Number of rows that the statement has changed. */
  readonly changes: number;
}

export interface DatabaseFault {
  /** SQLite's name for the error, such as `SQLITE_FULL`, or a system error code; null if it has neither. */
  readonly code: string | null;
  readonly message: string;
  /** The database was written by a newer release. */
  readonly isOfNewerRelease: boolean;
}

export type DatabaseAnswer =
  { readonly value: Opening | SqlResult | null } | { readonly fault: DatabaseFault };

/** A message to the thread of the database, and its answer, which has the same number. */
export interface Numbered<T> {
  readonly number: number;
  readonly content: T;
}
