/** Somebody who waits for a slot. */
export interface InLine {
  /** Somebody waits for its stream. */
  readonly isWanted: boolean;
  /** It waits for one of the slots of streams that nobody has seen yet, which may come free or not. */
  readonly isHoping: boolean;
}

export interface ServingOrder<T> {
  readonly line: readonly T[];
  /** So many hope that most will not be served in time. */
  readonly isCrowd: boolean;
}

/**
 * Who is given the next slot, and who if that one can not use it: by arrival, last those for whose stream nobody waits.
 * In a crowd, such as that behind a list of dead channels that is tried out, every other slot goes to who came last: who
 * came first is about to give up, and by arrival everybody would wait in vain.
 *
 * @param line in the order in which they came
 * @param slots that there are in all: more who hope than that are a crowd
 */
export function servingOrder<T extends InLine>(
  line: readonly T[],
  slots: number,
  isNewestNext: boolean,
): ServingOrder<T> {
  const wanted = line.filter(({ isWanted }) => isWanted);
  const unwanted = line.filter(({ isWanted }) => !isWanted);
  const hoping = wanted.filter(({ isHoping }) => isHoping);
  const newest = hoping.at(-1);
  const isCrowd = hoping.length > slots;
  if (newest === undefined || !isCrowd || !isNewestNext) {
    return { line: [...wanted, ...unwanted], isCrowd };
  }
  return { line: [newest, ...wanted.filter((one) => one !== newest), ...unwanted], isCrowd };
}
