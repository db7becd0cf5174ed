/**
 * A guide file: the `programme` elements with our channel ids, then one record for each (start, stop, offset and length,
 * 32 bits each, sorted by channel and start), then the directory as JSON, then its id and the length of the directory in
 * 32 bits. The id is a hash of elements and records, so it is the same for the same content.
 */
export interface Directory {
  readonly version: number;
  readonly programmes: number;
  /** Position of the first record. */
  readonly indexOffset: number;
  /** Id, first record and number of records of each channel. */
  readonly channels: readonly (readonly [string, number, number])[];
}

export const VERSION = 1;
export const RECORD_BYTES = 16;
export const ID_BYTES = 24;
export const TRAILER_BYTES = ID_BYTES + 4;
