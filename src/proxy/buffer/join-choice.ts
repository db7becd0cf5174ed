import type { JoinPoint, JoinPoints, MediaTimeAt } from './join-points';

/** A random access point may be so much older than was asked for; key frames are seldom farther apart. */
const USUAL_GROUP_MS = 12_000;
/** Of a stream whose key frames are, so many of its groups of pictures, … */
const GROUPS = 1.5;
/** … but never more than this. */
const LONGEST_GROUP_MS = 30_000;
/** A random access point that is younger than was asked for serves when it is at least so much of it. */
const LEAST_SHARE = 0.5;

export interface JoinPlaces {
  readonly randomAccess: JoinPoints;
  /** Where a viewer may begin although no picture can be decoded at once. */
  readonly plain: JoinPoints;
}

/**
 * Where a viewer begins who wants to be `behindMs` of media behind `head`. First of all with a picture: at the newest
 * random access point that is so old, as long as that is about what was asked for. Else at any place about so old; the
 * oldest of all only when the ring holds no more than was asked for.
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

/** `ages` of the last two random access points, the older one first. */
function longestGroupMs([older, newer]: readonly number[]): number {
  const groupMs = older === undefined || newer === undefined ? 0 : (older - newer) * GROUPS;
  return Math.min(LONGEST_GROUP_MS, Math.max(USUAL_GROUP_MS, groupMs));
}
