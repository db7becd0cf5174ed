import { createHash, timingSafeEqual } from 'node:crypto';

/** A shorter key could be guessed from many addresses at once, despite the limit on wrong keys. */
const MIN_SAFE_LENGTH = 16;

/** Longer candidates are refused without being hashed. */
const MAX_CANDIDATE_BYTES = 256;

/** The key of the admin API. Only its digest is kept, so that no dump or log line can contain the key. */
export class ApiKey {
  /** True for a key of fewer than 16 characters. */
  readonly isShort: boolean;
  private readonly digest: Buffer;

  constructor(key: string) {
    this.isShort = key.length < MIN_SAFE_LENGTH;
    this.digest = sha256(key);
  }

  /** Takes the same time for every candidate, whatever its length and its first characters are. */
  matches(candidate: string): boolean {
    if (Buffer.byteLength(candidate) > MAX_CANDIDATE_BYTES) return false;
    return timingSafeEqual(sha256(candidate), this.digest);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
