import { ringOf } from './case-run';
import { CASES, type Measurement } from './cases';
import { parseOptions } from './options';
import { printedReport, rows } from './report';
import { ViewerTally } from './viewer-tally';

function measurement(serverCpuSeconds: number, ownCpuShare = 0.3): Measurement {
  const tally = new ViewerTally();
  tally.latencyMs.add(20);
  const load = { seconds: 10, gigabytes: 2, serverCpuSeconds, serverPeakMb: 180, ownCpuShare };
  return {
    load: { ...load, viewers: tally.report(), holders: new ViewerTally().report() },
    idleMb: 90,
    ring: { bytes: 33e6, seconds: 33 },
    control: null,
  };
}

const benchCase = CASES.find(({ name }) => name === '1x200')!;

describe('rows', () => {
  it('compares CPU time with the baseline of the same run', () => {
    const cpu = (product: number) =>
      rows([{ benchCase, measured: { product: measurement(product), bare: measurement(2) } }])[0]!;
    expect(cpu(2.2)).toMatchObject({ product: 1.1, bare: 1, ratio: 1.1, met: true });
    expect(cpu(2.4)).toMatchObject({ ratio: 1.2, met: false });
  });

  it('compares a thousand viewers with the other proxy if there is one', () => {
    const thousand = CASES.find(({ name }) => name === '1x1000')!;
    const row = (other: number) => {
      const measured = { product: measurement(2), bare: measurement(1), other: measurement(other) };
      return rows([{ benchCase: thousand, measured }])[0]!;
    };
    expect(row(2.1)).toMatchObject({ other: 1.05, met: true });
    expect(row(1.9)).toMatchObject({ other: 0.95, met: false });
  });

  it('gives no verdict without a measurement', () => {
    expect(rows([{ benchCase, measured: { product: measurement(2) } }])[0]!.met).toBeNull();
    expect(rows([{ benchCase, measured: { bare: measurement(2) } }])[0]!.met).toBeNull();
  });

  it('allows idle memory plus the ring buffer plus 64 MB', () => {
    const memory = CASES.find(({ name }) => name === 'memory')!;
    const measured = { product: measurement(2) };
    const line = () =>
      rows([{ benchCase: memory, measured }]).find(({ goal }) => goal.includes('ring'))!;
    expect(line().met).toBe(true);
    measured.product.load.serverPeakMb = 188;
    expect(line().met).toBe(false);
  });
});

describe('printedReport', () => {
  it('prints product, baseline, ratio, goal and verdict in a line', () => {
    const text = printedReport(
      [{ benchCase, measured: { product: measurement(2.4), bare: measurement(2) } }],
      8,
    );
    expect(text).toMatch(/CPU seconds per GB +1\.200 +1\.000 +1\.20 +– +≤ 1\.15 × bare +NO/);
    expect(text).not.toContain('Warning');
  });

  it('warns if the load generator was the bottleneck', () => {
    const text = printedReport([{ benchCase, measured: { bare: measurement(2, 0.97) } }], 8);
    expect(text).toContain('1x200 (97 % of a core)');
  });
});

describe('ringOf', () => {
  it('adds up the buffers of all sessions', () => {
    const sessions = [{ buffer: { seconds: 3, bytes: 10 } }, { buffer: { seconds: 5, bytes: 4 } }];
    expect(ringOf({ sessions })).toEqual({ bytes: 14, seconds: 5 });
    expect(ringOf({ sessions: [] })).toBeNull();
  });
});

describe('parseOptions', () => {
  it('selects everything by default', () => {
    expect(parseOptions([])).toMatchObject({ quick: false, servers: ['product', 'bare'] });
    expect(parseOptions([])?.cases).toHaveLength(CASES.length);
  });

  it('selects the given cases', () => {
    const options = parseOptions(['--case', 'storm', '--case', '1x200', '--duration', '3']);
    expect(options).toMatchObject({ cases: ['1x200', 'storm'], durationMs: 3000 });
  });

  it.each([['--case', 'nonsense'], ['--duration', '0'], ['--nonsense']])(
    'refuses %s %s',
    (...args) => {
      expect(() => parseOptions(args)).toThrow(args[0]);
    },
  );
});
