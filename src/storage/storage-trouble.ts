import { AppError } from '../kernel/errors';
import { errnoOf } from './file-writes';

/** Possible problems with the files in DATA_DIR while streams continue. */
export const STORAGE_REASONS = ['storage_full', 'storage_failed', 'storage_damaged'] as const;

export type StorageReason = (typeof STORAGE_REASONS)[number];

export interface StorageTrouble {
  readonly code: StorageReason;
  /** One line for the operator. */
  readonly detail: string;
}

/** Errors that mean a lack of space: files can be read but not written. */
const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'DATA_DIR is on a disk that is full',
  EDQUOT: 'the disk quota of DATA_DIR is used up',
  EFBIG: 'the file would be larger than DATA_DIR allows',
  EROFS: 'the file system of DATA_DIR is read-only',
};

/** The reason why a file could not be written; null if it was not an error of the file system. */
export function writeTrouble(name: string, error: unknown): StorageTrouble | null {
  const errno = errnoOf(error);
  if (errno === null) return null;
  const why = FULL[errno];
  return why === undefined
    ? { code: 'storage_failed', detail: `${name} cannot be written (${errno})` }
    : { code: 'storage_full', detail: `${name} cannot be written: ${why} (${errno})` };
}

/** The same reason as an error for the caller whose change could not be saved. Other errors are returned unchanged. */
export function asStorageError(name: string, error: unknown): unknown {
  const trouble = writeTrouble(name, error);
  if (trouble === null || trouble.code === 'storage_damaged') return error;
  return new AppError(trouble.code, `Nothing was changed: ${trouble.detail}.`, { cause: error });
}
