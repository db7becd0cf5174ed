/** One start, of which a turn is wanted or under way. */
export interface StartFacts {
  readonly engineId: string;
  /** Viewers are watching and wait for their next source. */
  readonly isRestart: boolean;
}

export interface StartLimits {
  /** Starts under way at once on one engine: five at a time crash one (SCR #86). */
  readonly perEngine: number;
  /** And on all of them. */
  readonly total: number;
}

/** Turns of each limit that only restarts may take, so that no dead channel stands in a living one's way. */
export function reservedFor(limit: number): number {
  return Math.max(1, Math.floor(limit / 4));
}

/** Whether `wanted` may begin beside those `active`. */
export function mayBegin(
  wanted: StartFacts,
  active: Iterable<StartFacts>,
  limits: StartLimits,
): boolean {
  let all = 0;
  let here = 0;
  let firstStarts = 0;
  let firstStartsHere = 0;
  for (const { engineId, isRestart } of active) {
    const isHere = engineId === wanted.engineId;
    all++;
    if (isHere) here++;
    if (!isRestart) firstStarts++;
    if (!isRestart && isHere) firstStartsHere++;
  }
  if (all >= limits.total || here >= limits.perEngine) return false;
  if (wanted.isRestart) return true;
  return (
    firstStarts < limits.total - reservedFor(limits.total) &&
    firstStartsHere < limits.perEngine - reservedFor(limits.perEngine)
  );
}

/**
 * Who of those `waiting`, in the order in which they came, begins now: restarts first, then the others, each
 * as soon as its own engine has room. Who waits for a busy engine does not hold up who waits for another.
 */
export function nextToBegin<T extends StartFacts>(
  waiting: Iterable<T>,
  active: Iterable<StartFacts>,
  limits: StartLimits,
): T[] {
  const under: StartFacts[] = [...active];
  const chosen: T[] = [];
  const line = [...waiting];
  for (const restartsOnly of [true, false]) {
    for (const start of line) {
      if (start.isRestart !== restartsOnly || !mayBegin(start, under, limits)) continue;
      under.push(start);
      chosen.push(start);
    }
  }
  return chosen;
}

/**
 * Which start gives way when a running stream finds every slot taken: the last in line, which has asked no
 * engine yet; else the one that has been without media longest. Null when none can.
 *
 * @param waiting,active in the order in which they came; `barred` engines are of no use to the running stream
 */
export function whoGivesWay<T extends StartFacts>(
  waiting: Iterable<T>,
  active: Iterable<T>,
  barred: ReadonlySet<string>,
): T | null {
  const mayGo = ({ engineId, isRestart }: T): boolean => !isRestart && !barred.has(engineId);
  return [...waiting].reverse().find(mayGo) ?? [...active].find(mayGo) ?? null;
}
