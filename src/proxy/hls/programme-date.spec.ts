import { ProgrammeDate } from './programme-date';

const WALL = 1_700_000_000_000;

describe('ProgrammeDate', () => {
  it('is unknown until 2 s of arrival time have passed', () => {
    const date = new ProgrammeDate(WALL);
    for (let ms = 0; ms < 2000; ms += 40) date.observe(1000 + ms, ms);
    expect(date.at(0)).toBeNull();
    date.observe(3000, 2000);
    expect(date.at(0)).toBe(WALL + 1000);
    expect(date.at(6000)).toBe(WALL + 7000);
  });

  it('treats the burst as late media', () => {
    const date = new ProgrammeDate(WALL);
    // 5 s of old media within 100 ms, then live media.
    for (let ms = 0; ms < 5000; ms += 40) date.observe(10_000 + ms / 50, ms);
    expect(date.at(0)).toBeNull();
    for (let ms = 5000; ms <= 7100; ms += 40) date.observe(10_100 + ms - 5000, ms);
    expect(date.at(5000)).toBe(WALL + 10_100);
  });

  it('uses the earliest arrival, however jitter delays others', () => {
    const date = new ProgrammeDate(WALL);
    for (let n = 0; n <= 60; n++) date.observe(n * 40 + (n % 7) * 30, n * 40);
    expect(date.at(0)).toBe(WALL);
  });

  it('never changes once it was published', () => {
    const date = new ProgrammeDate(WALL);
    for (let ms = 0; ms <= 2000; ms += 40) date.observe(ms, ms);
    for (let ms = 2040; ms <= 9000; ms += 40) date.observe(ms - 1500, ms);
    expect(date.at(9000)).toBe(WALL + 9000);
  });

  it('is fixed after a while although media keep arriving earlier', () => {
    const date = new ProgrammeDate(WALL);
    for (let ms = 0; ms <= 15_000; ms += 20) date.observe(ms, ms * 2);
    expect(date.at(0)).toBe(WALL - 15_000);
  });
});
