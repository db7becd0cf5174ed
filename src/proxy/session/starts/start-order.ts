/** One start, of which a turn is wanted. */
export interface StartFacts {
  readonly engineId: string;
  /** Viewers are watching and wait for their next source. */
  readonly isRestart: boolean;
}

/** One that has had its turn and has no media yet. */
export interface BegunStart extends StartFacts {
  /** The engine has answered, and waits for media as we do: that burdens it far less than being asked. */
  readonly isAnswered: boolean;
  /** It has been without media for so long that it has to give way when another one needs its place. */
  readonly isOverdue: boolean;
  /** It was told to go, and is about to. */
  readonly isTaken: boolean;
}

export interface StartLimits {
  /** Requests to start that one engine has not answered yet: five at a time crash one (SCR #86). */
  readonly perEngine: number;
  /** And on all of them. */
  readonly total: number;
}

/** What may have begun and have no media, in multiples of what may be asked at a time. */
const BEGUN_PER_ASKING = 8;

/** Turns of each limit that only restarts may take, so that no dead channel stands in a living one's way. */
export function reservedFor(limit: number): number {
  return Math.max(1, Math.floor(limit / 4));
}

/** How many first starts may have begun, whether they were answered or not. */
export function begunLimit(limit: number): number {
  return BEGUN_PER_ASKING * limit;
}

interface Tally {
  asking: number;
  firstsAsking: number;
  firsts: number;
}

function tallyOf(begun: Iterable<BegunStart>, engineId: string | null): Tally {
  const tally: Tally = { asking: 0, firstsAsking: 0, firsts: 0 };
  for (const start of begun) {
    if (engineId !== null && start.engineId !== engineId) continue;
    if (!start.isAnswered) tally.asking++;
    if (start.isRestart) continue;
    tally.firsts++;
    if (!start.isAnswered) tally.firstsAsking++;
  }
  return tally;
}

/** Whether an engine may be asked for `wanted` now, whatever waits for media. */
function mayAsk(
  wanted: StartFacts,
  begun: readonly BegunStart[],
  { total, perEngine }: StartLimits,
): boolean {
  const all = tallyOf(begun, null);
  const here = tallyOf(begun, wanted.engineId);
  if (all.asking >= total || here.asking >= perEngine) return false;
  if (wanted.isRestart) return true;
  return (
    all.firstsAsking < total - reservedFor(total) &&
    here.firstsAsking < perEngine - reservedFor(perEngine)
  );
}

/** Where first starts that have begun leave no place for one more. */
function fullOf(
  wanted: StartFacts,
  begun: readonly BegunStart[],
  { total, perEngine }: StartLimits,
): 'nothing' | 'its_engine' | 'all_engines' {
  if (wanted.isRestart) return 'nothing';
  if (tallyOf(begun, wanted.engineId).firsts >= begunLimit(perEngine)) return 'its_engine';
  return tallyOf(begun, null).firsts >= begunLimit(total) ? 'all_engines' : 'nothing';
}

/** Whether `wanted` may begin beside those that have `begun`. */
export function mayBegin(
  wanted: StartFacts,
  begun: readonly BegunStart[],
  limits: StartLimits,
): boolean {
  return mayAsk(wanted, begun, limits) && fullOf(wanted, begun, limits) === 'nothing';
}

/**
 * Who of those `waiting`, in the order in which they came, begins now: restarts first, then the others, each
 * as soon as its own engine has room. Who waits for a busy engine does not hold up who waits for another.
 */
export function nextToBegin<T extends StartFacts>(
  waiting: Iterable<T>,
  begun: Iterable<BegunStart>,
  limits: StartLimits,
): T[] {
  const under: BegunStart[] = [...begun];
  const chosen: T[] = [];
  const line = [...waiting];
  for (const restartsOnly of [true, false]) {
    for (const start of line) {
      if (start.isRestart !== restartsOnly || !mayBegin(start, under, limits)) continue;
      under.push(asAsking(start));
      chosen.push(start);
    }
  }
  return chosen;
}

/**
 * Which starts give way to those in line: only as many as others could be asked for if these were gone, only
 * such as are overdue, and who was first to begin is first to go.
 *
 * @param waiting those for whom it is not their turn; both in the order in which they came
 */
export function whoFreesTheLine<T extends BegunStart>(
  waiting: Iterable<StartFacts>,
  begun: Iterable<T>,
  limits: StartLimits,
): T[] {
  const mayGo: T[] = [];
  let under: BegunStart[] = [];
  for (const start of begun) {
    // The place of one that is about to go is as good as free; until its engine has answered it is not.
    if (start.isTaken && start.isAnswered) continue;
    under.push(start);
    if (start.isAnswered && start.isOverdue && !start.isRestart) mayGo.push(start);
  }
  const going: T[] = [];
  for (const wanted of waiting) {
    if (mayGo.length === 0) break;
    if (!mayAsk(wanted, under, limits)) continue;
    const full = fullOf(wanted, under, limits);
    if (full !== 'nothing') {
      const isHere = ({ engineId }: T): boolean => engineId === wanted.engineId;
      const at = full === 'all_engines' ? 0 : mayGo.findIndex(isHere);
      const [gone] = at < 0 ? [] : mayGo.splice(at, 1);
      if (gone === undefined) continue;
      under = under.filter((start) => start !== gone);
      going.push(gone);
    }
    under.push(asAsking(wanted));
  }
  return going;
}

/**
 * Which start gives way when a running stream finds every slot taken: the last in line, which has asked no
 * engine yet; else the one that has been without media longest. Null when none can.
 *
 * @param waiting,begun in the order in which they came; `barred` engines are of no use to the running stream
 */
export function whoGivesWay<T extends BegunStart>(
  waiting: Iterable<T>,
  begun: Iterable<T>,
  barred: ReadonlySet<string>,
): T | null {
  const mayGo = ({ engineId, isRestart, isTaken }: T): boolean =>
    !isRestart && !isTaken && !barred.has(engineId);
  return [...waiting].reverse().find(mayGo) ?? [...begun].find(mayGo) ?? null;
}

/** Which one gives its slot up to another first start: who began first of those that are overdue. */
export function whoIsOverdue<T extends BegunStart>(
  begun: Iterable<T>,
  barred: ReadonlySet<string>,
): T | null {
  const mayGo = ({ engineId, isRestart, isOverdue, isTaken }: T): boolean =>
    !isRestart && isOverdue && !isTaken && !barred.has(engineId);
  return [...begun].find(mayGo) ?? null;
}

/** Engines that could not be asked for one more first start at once. */
export function crowdedEngines(
  waiting: Iterable<StartFacts>,
  begun: readonly BegunStart[],
  limits: StartLimits,
): Set<string> {
  const crowded = new Set<string>();
  for (const { engineId } of waiting) crowded.add(engineId);
  for (const { engineId } of begun) {
    if (!crowded.has(engineId) && !mayBegin({ engineId, isRestart: false }, begun, limits))
      crowded.add(engineId);
  }
  return crowded;
}

function asAsking({ engineId, isRestart }: StartFacts): BegunStart {
  return { engineId, isRestart, isAnswered: false, isOverdue: false, isTaken: false };
}
