import { AppError } from '../kernel/errors';
import { errnoOf } from './file-writes';

/** Possible problems with the data in DATA_DIR while streams continue. */
export const STORAGE_REASONS = [
  'storage_full',
  'storage_failed',
  'storage_damaged',
  'storage_slow',
] as const;

export type StorageReason = (typeof STORAGE_REASONS)[number];

export interface StorageTrouble {
  readonly code: StorageReason;
  /** One line for the operator. */
  readonly detail: string;
}

/** A problem that refuses changes. */
export interface WriteTrouble extends StorageTrouble {
  readonly code: 'storage_full' | 'storage_failed';
}

/** Data can be read but not written: disk or quota is full, or the folder is mounted read-only. */
const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'DATA_DIR is on a disk that is full',
  SQLITE_FULL: 'DATA_DIR is on a disk that is full',
  EDQUOT: 'the disk quota of DATA_DIR is used up',
  EFBIG: 'the file would be larger than DATA_DIR allows',
  EROFS: 'the file system of DATA_DIR is read-only',
  SQLITE_READONLY: 'the file system of DATA_DIR is read-only',
};

/**
 * The reason why a file could not be written.
 *
 * @param code the code of the system's or the database's error
 */
export function writeTroubleOf(name: string, code: string): WriteTrouble {
  // SQLite adds a detail to some codes, as in SQLITE_READONLY_ROLLBACK.
  const why = FULL[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code];
  return why === undefined
    ? { code: 'storage_failed', detail: `${name} cannot be written (${code})` }
    : { code: 'storage_full', detail: `${name} cannot be written: ${why} (${code})` };
}

/** The reason why a file could not be written; null if it was not an error of the file system. */
export function writeTrouble(name: string, error: unknown): WriteTrouble | null {
  const errno = errnoOf(error);
  return errno === null ? null : writeTroubleOf(name, errno);
}

/** The error for the caller whose change could not be saved. */
export function refusedChange({ code, detail }: WriteTrouble, cause: unknown): AppError {
  return new AppError(code, `Nothing was changed: ${detail}.`, { cause });
}
