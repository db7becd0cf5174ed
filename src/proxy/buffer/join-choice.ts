import type { JoinPoint, JoinPoints, MediaTimeAt } from './join-points';

/** A random access point may be older than requested by this much. Key frames are seldom farther apart. */
const USUAL_GROUP_MS = 12_000;
/** If key frames are farther apart, it may be older by this many times their distance, up to `LONGEST_GROUP_MS`. */
const GROUPS = 1.5;
/** Maximum of that excess age. */
const LONGEST_GROUP_MS = 30_000;
/**
 * A random access point that is newer than requested is acceptable if it has at least this share of the requested
 * age.
 */
const LEAST_SHARE = 0.5;

export interface JoinPlaces {
  readonly randomAccess: JoinPoints;
  /** Join points at which no picture can be decoded at once. */
  readonly plain: JoinPoints;
}

/**
 * Join point for a viewer who wants to be `behindMs` of media behind `head`. The best one is the newest random access
 * point that is old enough, if it is not much older than requested. The next choices are the random access point
 * after it, if it is at least half as old as requested, and a plain join point between the two that is old enough.
 * Otherwise it is whatever exists: the older random access point, the newer one, or the oldest plain join point.
 */
export function joinPointBehind(
  { randomAccess, plain }: JoinPlaces,
  behindMs: number,
  head: number,
  mediaTimeAt: MediaTimeAt,
): JoinPoint | null {
  const ageMs = ({ position }: JoinPoint): number =>
    (mediaTimeAt(head) ?? 0) - (mediaTimeAt(position) ?? 0);
  const old = randomAccess.atLeastBehind(behindMs, head, mediaTimeAt);
  const longestMs = behindMs + longestGroupMs(randomAccess.newest(2).map(ageMs));
  if (old !== null && ageMs(old) <= longestMs) return old;
  const young = randomAccess.firstFrom((old?.position ?? -1) + 1);
  if (young !== null && ageMs(young) >= behindMs * LEAST_SHARE) return young;
  const place = plain.atLeastBehind(behindMs, head, mediaTimeAt);
  if (place !== null && place.position > (old?.position ?? -1)) return place;
  return old ?? young ?? plain.oldest();
}

/** Maximum acceptable excess age, from the ages of the last two random access points, older one first. */
function longestGroupMs([older, newer]: readonly number[]): number {
  const groupMs = older === undefined || newer === undefined ? 0 : (older - newer) * GROUPS;
  return Math.min(LONGEST_GROUP_MS, Math.max(USUAL_GROUP_MS, groupMs));
}
