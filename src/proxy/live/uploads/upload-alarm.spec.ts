import { UploadAlarm } from './upload-alarm';

const LIMIT = 8_000_000;

/** Measures every 10 s. Returns the times in s at which the alarm changed. */
function changes(speeds: readonly number[], limitBps = LIMIT): number[] {
  const alarm = new UploadAlarm();
  return speeds.flatMap((bps, n) => (alarm.measured(bps, limitBps, n * 10_000) ? [n * 10] : []));
}

const times = (count: number, bps: number): number[] => Array<number>(count).fill(bps);

describe('UploadAlarm', () => {
  it.each<[string, number[], number[]]>([
    ['is raised after a minute above the limit', times(8, 2 * LIMIT), [60]],
    ['tolerates a quarter more than the limit', times(20, 1.25 * LIMIT), []],
    ['ignores a peak', [...times(5, 2 * LIMIT), 0, ...times(5, 2 * LIMIT)], []],
    [
      'ends after a minute within the limit, and can be raised again',
      [...times(7, 2 * LIMIT), ...times(7, 0), ...times(7, 2 * LIMIT)],
      [60, 130, 200],
    ],
    ['continues over a short pause', [...times(7, 2 * LIMIT), 0, 0, ...times(7, 2 * LIMIT)], [60]],
  ])('%s', (_, speeds, expected) => {
    expect(changes(speeds)).toEqual(expected);
  });

  it('is never raised without a limit, and ends when the limit is removed', () => {
    expect(changes(times(20, 100 * LIMIT), 0)).toEqual([]);
    const alarm = new UploadAlarm();
    for (let n = 0; n < 7; n++) alarm.measured(2 * LIMIT, LIMIT, n * 10_000);
    expect(alarm.isRaised).toBe(true);
    const ended = [70, 130].map((s) => alarm.measured(2 * LIMIT, 0, s * 1000));
    expect([ended, alarm.isRaised]).toEqual([[false, true], false]);
  });
});
