import type { JoinPoint, JoinPoints, MediaTimeAt } from './join-points';

/** A random access point may be older than requested by this much; key frames are seldom farther apart. */
const USUAL_GROUP_MS = 12_000;
/** For streams with rarer key frames: this many groups of pictures … */
const GROUPS = 1.5;
/** … but at most this long. */
const LONGEST_GROUP_MS = 30_000;
/** A newer random access point is acceptable from this share of the requested distance on. */
const LEAST_SHARE = 0.5;

export interface JoinPlaces {
  readonly randomAccess: JoinPoints;
  /** Join points at which no picture can be decoded at once. */
  readonly plain: JoinPoints;
}

/**
 * Join point for a viewer who wants to be `behindMs` of media behind `head`. Preferred is the newest random access
 * point that is old enough, if it is not much older than requested. Otherwise any join point of about that age, and
 * the oldest one only if the ring holds no more than requested.
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
