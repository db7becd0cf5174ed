/** Docker's status text, taken apart: `Up 3 minutes (Paused)` is `Up`, 180 s, `(Paused)`. */
export interface ContainerStatus {
  /** The text without its age. */
  readonly words: string;
  /** How long it has been so, rounded down as Docker does; null when the text says none that we can read. */
  readonly ageS: number | null;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
  year: 365 * 86_400,
};

/** `Less than a second`, `About a minute`, `About an hour`, `5 seconds`. */
const AGE =
  /(?:(Less than a second)|About an? (minute|hour)|(\d+) (second|minute|hour|day|week|month|year)s?)/;

/** Ages are written by Docker's own units package, the same for 20.10 to 29. */
export function parseStatus(status: string): ContainerStatus {
  const match = AGE.exec(status);
  if (match === null) return { words: status, ageS: null };
  const [age, none, about, count, unit] = match;
  const words = status.replace(age, '').replace(/ {2,}/g, ' ').trim();
  if (none !== undefined) return { words, ageS: 0 };
  return { words, ageS: Number(count ?? 1) * (UNIT_SECONDS[about ?? unit ?? ''] ?? 0) };
}

/**
 * False when the status cannot be that of the same process in the same phase: other words, or an age that
 * fell, because something began anew. An age only grows, whatever it is rounded to.
 */
export function isSameStatus(before: ContainerStatus, now: ContainerStatus): boolean {
  if (before.words !== now.words) return false;
  if (before.ageS === null || now.ageS === null) return before.ageS === now.ageS;
  return now.ageS >= before.ageS;
}
