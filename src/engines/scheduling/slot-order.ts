import { SLOT_CLASSES, type SlotClass } from './slot-request';

/** The facts that decide the order of service. */
export interface Queued {
  readonly class: SlotClass;
  /** True if the `Watch` of the stream is `watched` or `held`. */
  readonly isWatched: boolean;
}

export interface ServiceOrder<T> {
  readonly requests: readonly T[];
  /** True if more starts of watched streams wait than there are slots, so that most will not be served in time. */
  readonly isCrowded: boolean;
}

/**
 * Returns the order in which queued requests are served: first those of watched streams, by class and then by
 * arrival; then those of unwatched streams, by arrival.
 *
 * In a crowd of starts, every second slot goes to the newest start. Such a crowd arises when a player tries a list of
 * dead channels. If slots went only to the oldest start, each would go to a player that is about to give up, so no
 * start would succeed. If slots went only to the newest start, the oldest would never be served.
 *
 * @param queued in order of arrival
 * @param slots number of slots of all engines
 * @param isNewestNext true if the next slot in a crowd goes to the newest start
 */
export function serviceOrder<T extends Queued>(
  queued: readonly T[],
  slots: number,
  isNewestNext: boolean,
): ServiceOrder<T> {
  const watched = queued.filter(({ isWatched }) => isWatched);
  const byClass = new Map(
    SLOT_CLASSES.map((name) => [name, watched.filter((request) => request.class === name)]),
  );
  const starts = byClass.get('start') ?? [];
  const isCrowded = starts.length > slots;
  if (isCrowded) byClass.set('start', alternate(starts, isNewestNext));
  const unwatched = queued.filter(({ isWatched }) => !isWatched);
  return { requests: [...[...byClass.values()].flat(), ...unwatched], isCrowded };
}

/** The newest and the oldest request alternately. */
function alternate<T>(requests: readonly T[], isNewestNext: boolean): T[] {
  const left = [...requests];
  const order: T[] = [];
  for (let isNewest = isNewestNext; left.length > 0; isNewest = !isNewest) {
    const [next] = isNewest ? left.splice(-1) : left.splice(0, 1);
    if (next !== undefined) order.push(next);
  }
  return order;
}
