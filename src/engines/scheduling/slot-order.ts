import { SLOT_CLASSES, type SlotClass } from './slot-request';

/** What the order of service depends on. */
export interface Queued {
  readonly class: SlotClass;
  /** Somebody watches the stream or waits for it. */
  readonly isWatched: boolean;
}

export interface ServiceOrder<T> {
  readonly requests: readonly T[];
  /** More starts wait than there are slots, so that most will not be served in time. */
  readonly isCrowded: boolean;
}

/**
 * The order in which queued requests are served: by class, then by arrival; streams that nobody waits for come last.
 *
 * In a crowd of starts, such as a player makes that tries a list of dead channels, every second slot goes to the newest
 * start. By arrival alone everybody would wait in vain, because the first to come are also the first to give up; newest
 * first alone would starve them.
 *
 * @param queued in order of arrival
 * @param slots of all engines together
 * @param isNewestNext in a crowd, the next slot goes to the newest start
 */
export function serviceOrder<T extends Queued>(
  queued: readonly T[],
  slots: number,
  isNewestNext: boolean,
): ServiceOrder<T> {
  const watched = queued.filter(({ isWatched }) => isWatched);
  const byClass = new Map(
    SLOT_CLASSES.map((name) => [name, watched.filter((one) => one.class === name)]),
  );
  const starts = byClass.get('start') ?? [];
  const isCrowded = starts.length > slots;
  if (isCrowded) byClass.set('start', alternate(starts, isNewestNext));
  const unwatched = queued.filter(({ isWatched }) => !isWatched);
  return { requests: [...[...byClass.values()].flat(), ...unwatched], isCrowded };
}

/** The newest and the oldest in turn. */
function alternate<T>(requests: readonly T[], isNewestNext: boolean): T[] {
  const left = [...requests];
  const order: T[] = [];
  for (let isNewest = isNewestNext; left.length > 0; isNewest = !isNewest) {
    const [next] = isNewest ? left.splice(-1) : left.splice(0, 1);
    if (next !== undefined) order.push(next);
  }
  return order;
}
