import fc from 'fast-check';
import { isSameStatus, parseStatus } from './container-status';

/** As Docker words the age of something that began so many seconds ago. */
function dockerAge(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.round(seconds / 3600)];
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 86_400 / 365)} years`;
}

describe('parseStatus', () => {
  it.each<[string, string, number | null]>([
    ['Up 3 seconds', 'Up', 3],
    ['Up Less than a second', 'Up', 0],
    ['Up About a minute', 'Up', 60],
    ['Up About an hour (Paused)', 'Up (Paused)', 3600],
    ['Up 2 weeks (unhealthy)', 'Up (unhealthy)', 1_209_600],
    ['Exited (137) 5 hours ago', 'Exited (137) ago', 18_000],
    ['Created', 'Created', null],
    ['Removal In Progress', 'Removal In Progress', null],
    ['', '', null],
  ])('%s', (text, words, ageS) => {
    expect(parseStatus(text)).toEqual({ words, ageS });
  });
});

describe('isSameStatus', () => {
  it.each<[string, string, boolean]>([
    ['Up 3 seconds', 'Up 5 seconds', true],
    ['Up 59 seconds', 'Up About a minute', true],
    ['Up 5 hours', 'Up 3 seconds', false],
    ['Up 5 hours', 'Up 5 hours (Paused)', false],
    ['Up 5 hours', 'Exited (1) 5 hours ago', false],
    ['Created', 'Created', true],
    ['Created', 'Up 1 second', false],
  ])('%s, then %s: %s', (before, now, expected) => {
    expect(isSameStatus(parseStatus(before), parseStatus(now))).toBe(expected);
  });

  it('is true for whatever just grows older', () => {
    const age = fc.integer({ min: 0, max: 3 * 365 * 86_400 });
    fc.assert(
      fc.property(age, age, (one, other) => {
        const [young, old] = [Math.min(one, other), Math.max(one, other)];
        const status = (seconds: number) => parseStatus(`Up ${dockerAge(seconds)}`);
        expect(isSameStatus(status(young), status(old))).toBe(true);
      }),
    );
  });
});
