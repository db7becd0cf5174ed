import { createHash, timingSafeEqual } from 'node:crypto';

/** Longer candidates are refused before any work is done on them. */
const MAX_CANDIDATE_BYTES = 256;

/** The key of the admin API. Keeps its digest only, so that no dump or log line can show it. */
export class ApiKey {
  private readonly digest: Buffer;

  constructor(key: string) {
    this.digest = sha256(key);
  }

  /** Takes the same time for every candidate, whatever its length and its first characters. */
  matches(candidate: string): boolean {
    if (Buffer.byteLength(candidate) > MAX_CANDIDATE_BYTES) return false;
    return timingSafeEqual(sha256(candidate), this.digest);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
