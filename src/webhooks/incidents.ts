import type { EventLevel } from '../events';
import { durationText, type Notice, type NoticeKind } from './notice';

/** More problems of one subject within this time are notified once, as flapping. */
export const FLAP_WINDOW_MS = 10 * 60_000;
/** Problems within the window that are notified one by one. */
export const MAX_PROBLEMS = 3;
/** A subject that has not changed for this time no longer flaps. */
export const QUIET_MS = 10 * 60_000;
/** A problem of which nobody tells the end is forgotten if it has not been repeated for this time. */
export const LAPSE_MS = 60 * 60_000;

/** An event that an incident is about. */
export interface Fact {
  readonly type: string;
  readonly level: EventLevel;
  readonly text: string;
  readonly time: string;
  readonly eventId: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The problems of one side of a subject. It is stored as JSON. Times are milliseconds since 1970. */
export interface Incident {
  readonly subject: string;
  readonly isBad: boolean;
  /** When the problem began; of a subject that flaps, the first one. */
  readonly badSinceMs: number;
  /** When it last became bad or good. */
  readonly changedAtMs: number;
  /** When the problem was last reported. */
  readonly reportedAtMs: number;
  /** When each problem within the last FLAP_WINDOW_MS began. */
  readonly problemsMs: readonly number[];
  /** The highest level that was notified; null if nobody has heard of the problem. */
  readonly notified: EventLevel | null;
  readonly isFlapping: boolean;
  /** Nobody hears of the problem before this time; null if that is decided. */
  readonly heldUntilMs: number | null;
  /** True if no event tells that the problem is over. */
  readonly lapses: boolean;
  /** The event that says most about the present or last problem. */
  readonly fact: Fact;
}

/** What an incident is after an event or a time, and what is notified. */
export interface Decision {
  /** Null: there is nothing to remember. */
  readonly incident: Incident | null;
  readonly notice: Notice | null;
}

/** A problem was reported. */
export function afterProblem(
  incident: Incident | null,
  subject: string,
  fact: Fact,
  nowMs: number,
  { holdMs, lapses }: { readonly holdMs: number; readonly lapses: boolean },
): Decision {
  if (incident?.isBad === true) return afterRepeat(incident, fact, nowMs, lapses);
  const problemsMs = [...recent(incident, nowMs), nowMs];
  const isFlapping = incident?.isFlapping ?? false;
  const begun: Incident = {
    ...{ subject, isBad: true, changedAtMs: nowMs, reportedAtMs: nowMs, problemsMs, fact, lapses },
    badSinceMs: isFlapping && incident !== null ? incident.badSinceMs : nowMs,
    notified: incident?.notified ?? null,
    isFlapping,
    heldUntilMs: null,
  };
  if (isFlapping) return { incident: begun, notice: null };
  if (problemsMs.length > MAX_PROBLEMS) {
    const flapping = {
      ...begun,
      isFlapping: true,
      notified: fact.level,
      badSinceMs: Math.min(...problemsMs),
    };
    return { incident: flapping, notice: flappingNotice(flapping) };
  }
  return { incident: { ...begun, heldUntilMs: nowMs + holdMs }, notice: null };
}

/** The problem was reported to be over. */
export function afterRecovery(incident: Incident | null, fact: Fact, nowMs: number): Decision {
  if (incident?.isBad !== true) return { incident, notice: null };
  const over = { ...incident, isBad: false, changedAtMs: nowMs, heldUntilMs: null };
  if (incident.isFlapping || incident.notified === null) return { incident: over, notice: null };
  return { incident: { ...over, notified: null }, notice: recoveryNotice(incident, fact, nowMs) };
}

/** Time has passed. Call at `wakeAtMs`. */
export function afterTime(incident: Incident, nowMs: number): Decision {
  const { isBad, isFlapping, fact } = incident;
  if (isFlapping) {
    if (nowMs - incident.changedAtMs < QUIET_MS) return { incident, notice: null };
    if (!isBad) return { incident: null, notice: quietNotice(incident, nowMs) };
    const lasting = { ...incident, isFlapping: false, problemsMs: [], notified: fact.level };
    return { incident: lasting, notice: problemNotice(lasting) };
  }
  if (!isBad) {
    const isOver = recent(incident, nowMs).length === 0;
    return { incident: isOver ? null : incident, notice: null };
  }
  if (incident.heldUntilMs !== null && nowMs >= incident.heldUntilMs) {
    const notified = { ...incident, heldUntilMs: null, notified: fact.level };
    return { incident: notified, notice: problemNotice(notified) };
  }
  const hasLapsed = incident.lapses && nowMs - incident.reportedAtMs >= LAPSE_MS;
  return { incident: hasLapsed ? null : incident, notice: null };
}

/** When `afterTime` may next decide something; Infinity if only an event can. */
export function wakeAtMs(incident: Incident): number {
  if (incident.isFlapping) return incident.changedAtMs + QUIET_MS;
  if (!incident.isBad) return Math.max(...incident.problemsMs) + FLAP_WINDOW_MS;
  if (incident.heldUntilMs !== null) return incident.heldUntilMs;
  return incident.lapses ? incident.reportedAtMs + LAPSE_MS : Infinity;
}

/** True if receivers have heard of the incident, so that they must hear of its end, also after a restart. */
export function mustBeKept({ notified, isFlapping }: Incident): boolean {
  return notified !== null || isFlapping;
}

const RANKS: Readonly<Record<EventLevel, number>> = { info: 0, warning: 1, error: 2 };

/** Orders levels: the higher, the worse. */
export function rankOf(level: EventLevel): number {
  return RANKS[level];
}

/** A repeat is notified only if the problem has become worse. */
function afterRepeat(incident: Incident, fact: Fact, nowMs: number, lapses: boolean): Decision {
  const isWorse = rankOf(fact.level) > rankOf(incident.fact.level);
  const repeated = {
    ...incident,
    reportedAtMs: nowMs,
    lapses,
    fact: isWorse ? fact : incident.fact,
  };
  if (!isWorse || incident.notified === null || incident.isFlapping) {
    return { incident: repeated, notice: null };
  }
  const worse = { ...repeated, notified: fact.level };
  return { incident: worse, notice: problemNotice(worse) };
}

function recent(incident: Incident | null, nowMs: number): number[] {
  return (incident?.problemsMs ?? []).filter((ms) => nowMs - ms < FLAP_WINDOW_MS);
}

function problemNotice({ subject, fact }: Incident): Notice {
  return noticeOf('problem', subject, fact, fact.level, fact.text, null);
}

function recoveryNotice(
  { subject, badSinceMs, fact: problem }: Incident,
  fact: Fact,
  nowMs: number,
) {
  const durationMs = nowMs - badSinceMs;
  const text = `Recovered after ${durationText(durationMs)}. ${fact.text}`;
  const calm = { ...fact, level: 'info' as const };
  return noticeOf('recovery', subject, calm, problem.level, text, durationMs);
}

function flappingNotice({ subject, fact, problemsMs }: Incident): Notice {
  const text =
    `${subject} fails and recovers again and again: ${problemsMs.length} problems within ` +
    `${durationText(FLAP_WINDOW_MS)}. You get the next notice when it has not changed for ` +
    `${durationText(QUIET_MS)}. The last problem: ${fact.text}`;
  return noticeOf('flapping', subject, fact, fact.level, text, null);
}

function quietNotice({ subject, fact, badSinceMs, changedAtMs }: Incident, nowMs: number): Notice {
  const text =
    `${subject} has had no problem for ${durationText(nowMs - changedAtMs)}. ` +
    `It was unstable for ${durationText(changedAtMs - badSinceMs)}.`;
  const calm = { ...fact, level: 'info' as const, time: new Date(nowMs).toISOString() };
  return noticeOf('recovery', subject, calm, fact.level, text, changedAtMs - badSinceMs);
}

function noticeOf(
  kind: NoticeKind,
  subject: string,
  { type, level, time, eventId, details }: Fact,
  gravity: EventLevel,
  text: string,
  durationMs: number | null,
): Notice {
  return { kind, type, level, gravity, subject, text, time, eventId, durationMs, details };
}
