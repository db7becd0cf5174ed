import type { DailyTime } from '../../config';

/** Few people watch at this hour, and the images of most registries are built earlier. */
const QUIET_HOUR = 4;

/** All installations have the same default, and must not ask the registry at the same moment. */
const JITTER_MINUTES = 60;

/**
 * The next refresh after `now`, in local time (TZ); null if there is none.
 *
 * @param random from 0 to below 1, the same for one process: moves the nightly refresh by up to an hour
 */
export function nextRefresh(schedule: DailyTime, now: Date, random: number): Date | null {
  if (schedule === 'off') return null;
  const { hour, minute } =
    schedule === 'nightly'
      ? { hour: QUIET_HOUR, minute: Math.floor(random * JITTER_MINUTES) }
      : schedule;
  const at = (days: number): Date =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour, minute);
  const today = at(0);
  return today > now ? today : at(1);
}
