import { nextRefresh } from './refresh-schedule';

/** In local time. */
const at = (day: number, hour: number, minute = 0): Date => new Date(2026, 0, day, hour, minute);

describe('the next refresh of the image', () => {
  it.each([
    ['tonight', at(1, 3, 59), 0, at(1, 4)],
    ['tonight, later by chance', at(1, 3, 59), 0.999, at(1, 4, 59)],
    ['not at once again', at(1, 4), 0, at(2, 4)],
    ['tomorrow', at(1, 23), 0.5, at(2, 4, 30)],
    ['in the next month', at(31, 23), 0, new Date(2026, 1, 1, 4)],
  ])('in the night: %s', (_, now, random, expected) => {
    expect(nextRefresh('nightly', now, random)).toEqual(expected);
  });

  it('is at the time of day that the operator chose, without chance', () => {
    const schedule = { hour: 12, minute: 30 };
    expect(nextRefresh(schedule, at(1, 12, 29), 0.9)).toEqual(at(1, 12, 30));
    expect(nextRefresh(schedule, at(1, 12, 30), 0.9)).toEqual(at(2, 12, 30));
  });

  it('never comes when it is off', () => {
    expect(nextRefresh('off', at(1, 3), 0)).toBeNull();
  });
});
