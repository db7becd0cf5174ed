import fc from 'fast-check';
import {
  formatDuration,
  formatRate,
  formatSize,
  parseDurationMs,
  parseRateBps,
  parseSizeBytes,
} from './units';

describe('parseDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['2m', 120_000],
    ['2min', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['10', 10_000],
    ['0.5', 500],
    ['0.5 s', 500],
    [' 15S ', 15_000],
    ['0', 0],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    '',
    's',
    '-1s',
    '1e3',
    '10x',
    '1s2',
    '10 %',
    'NaN',
    '1,5s',
    '9'.repeat(20),
    '1constructor',
  ])('%j is no duration', (text) => {
    expect(parseDurationMs(text)).toBeNull();
  });
});

describe('parseRateBps', () => {
  it.each([
    ['500M', 500_000_000],
    ['2.5G', 2_500_000_000],
    ['800 kbps', 800_000],
    ['100Mbps', 100_000_000],
    ['1000000', 1_000_000],
    ['0', 0],
  ])('%j is %d bit/s', (text, bps) => {
    expect(parseRateBps(text)).toBe(bps);
  });

  it.each(['', '5MB', '5MiB', '10%', '-1M', 'M', '1,5M', '1constructor'])(
    '%j is no bit rate',
    (text) => {
      expect(parseRateBps(text)).toBeNull();
    },
  );
});

describe('formatRate', () => {
  it.each([
    [8_000_000, '8 Mbit/s'],
    [12_345_678, '12.3 Mbit/s'],
    [500_000, '0.5 Mbit/s'],
    [0, '0 Mbit/s'],
    [2_500_000_000, '2500 Mbit/s'],
  ])('%d bit/s is %s', (bps, text) => {
    expect(formatRate(bps)).toBe(text);
  });
});

describe('parseSizeBytes', () => {
  it.each([
    ['32MiB', 33_554_432],
    ['32M', 33_554_432],
    ['64KB', 64_000],
    ['64kib', 65_536],
    ['1.5GiB', 1_610_612_736],
    ['188', 188],
    ['188 B', 188],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes);
  });

  it('takes a percentage of the total', () => {
    expect(parseSizeBytes('25%', 1000)).toBe(250);
    expect(parseSizeBytes('12.5 %', 1000)).toBe(125);
    expect(parseSizeBytes('33%', 100)).toBe(33);
  });

  it.each(['', 'MiB', '-1', '1TiBs', '10s', '1__', '25%'])('%j is no absolute size', (text) => {
    expect(parseSizeBytes(text)).toBeNull();
  });

  it('refuses more than the whole', () => {
    expect(parseSizeBytes('101%', 1000)).toBeNull();
  });
});

describe('formatters', () => {
  it('write durations that parse to the same value', () => {
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('write sizes that parse to the same value', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSizeBytes(formatSize(bytes))).toBe(bytes);
      }),
    );
  });

  it('choose the largest exact unit', () => {
    expect([0, 50, 1000, 90_000, 120_000, 3_600_000].map(formatDuration)).toEqual([
      '0s',
      '50ms',
      '1s',
      '90s',
      '2m',
      '1h',
    ]);
    expect([0, 188, 65_536, 33_554_432, 2 ** 30].map(formatSize)).toEqual([
      '0B',
      '188B',
      '64KiB',
      '32MiB',
      '1GiB',
    ]);
  });

  it('never throw on any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseDurationMs(text);
        parseSizeBytes(text, 1000);
      }),
    );
  });
});
