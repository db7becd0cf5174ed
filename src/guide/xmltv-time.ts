const FORM =
  /^(\d{4})(\d{2})(\d{2})(\d{2})?(\d{2})?(\d{2})?\s*(?:([+-])(\d{2}):?(\d{2})|Z|UTC|GMT)?\s*$/;

/** The largest time that an index can hold. */
const MAX_S = 2 ** 32 - 1;

type SixNumbers = [number, number, number, number, number, number];

/** Reads a time of XMLTV, such as `20261130183000 +0100`, as seconds since 1970; null if it has another form. */
export function readTime(text: string): number | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(numberOf) as SixNumbers;
  const offsetMinutes = numberOf(match[8]) * 60 + numberOf(match[9]);
  const offsetS = (match[7] === '-' ? -60 : 60) * offsetMinutes;
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - offsetS;
  return seconds >= 0 && seconds <= MAX_S ? seconds : null;
}

function numberOf(part: string | undefined): number {
  return Number(part ?? '0');
}
