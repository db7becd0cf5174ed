/** A playback of the content that is asked for, as far as it matters for who gets it. */
export interface SeatFacts {
  readonly uid: string;
  /** Whose it is: the viewer who read last. */
  readonly owner: string;
  readonly isRead: boolean;
  /** Monotonic ms since which it has had this reader, or none. */
  readonly sinceMs: number;
}

export type SeatChoice =
  /** Nobody reads it: it is this viewer's from now on. */
  | { readonly kind: 'take'; readonly uid: string }
  /** One more on another engine. When there is none, `fallback` is taken from the viewer's own earlier request. */
  | { readonly kind: 'open'; readonly fallback: string | null }
  /** The viewer has its share: its own oldest request has to go. */
  | { readonly kind: 'replace'; readonly uid: string };

/** Players read head and tail of a film at the same time; none needs a third connection. */
const MAX_PER_OWNER = 2;

/**
 * Who asks for recorded content gets its own idle playback, else any idle one, else one more, and in the end its
 * own oldest: a player that jumps opens the new connection before it closes the old one.
 */
export function chooseSeat(seats: readonly SeatFacts[], owner: string): SeatChoice {
  const bySince = [...seats].sort((a, b) => a.sinceMs - b.sinceMs);
  const idle = bySince.filter(({ isRead }) => !isRead);
  const own = idle.findLast((seat) => seat.owner === owner) ?? idle[0];
  if (own !== undefined) return { kind: 'take', uid: own.uid };
  const reading = bySince.filter((seat) => seat.owner === owner);
  const [oldest] = reading;
  if (oldest === undefined) return { kind: 'open', fallback: null };
  if (reading.length >= MAX_PER_OWNER) return { kind: 'replace', uid: oldest.uid };
  return { kind: 'open', fallback: oldest.uid };
}
