import type { Candidate } from '../selection/candidate';
import { aCandidate } from '../testing/engine.spec-support';
import { forecastCapacity } from './capacity-forecast';

describe('the forecast of capacity', () => {
  const full = aCandidate({ id: 'full', activeStreams: 3 });
  const busy = aCandidate({ id: 'busy', isBusy: true });
  const starting = aCandidate({ id: 'starting', state: 'starting' });
  const unhealthy = aCandidate({ id: 'unhealthy', state: 'unhealthy' });
  const draining = aCandidate({ id: 'draining', state: 'draining' });
  const failed = aCandidate({ id: 'failed', excluded: true });

  it.each<[string, Candidate[], string, string[]]>([
    ['no engine is known yet', [], 'pending', []],
    ['one starts', [starting], 'pending', []],
    ['one may recover', [unhealthy, draining, failed], 'pending', []],
    ['the VPN of one is down', [aCandidate({ vpnHealthy: false })], 'pending', []],
    [
      'the usable ones are full or busy',
      [full, busy, unhealthy, failed],
      'occupied',
      ['full', 'busy'],
    ],
    ['the suspect one is full', [{ ...full, state: 'suspect' }], 'occupied', ['full']],
    ['an unhealthy one is full as well', [{ ...unhealthy, activeStreams: 3 }], 'pending', []],
    ['each has just failed', [failed, draining], 'excluded', []],
    ['all are drained', [draining], 'none', []],
  ])('when %s', (_, fleet, kind, usable) => {
    const forecast = forecastCapacity(fleet, false);
    expect([forecast.kind, forecast.usable.map(({ id }) => id)]).toEqual([kind, usable]);
  });

  it.each<[Candidate[], boolean, string, boolean]>([
    [[full], false, 'occupied', false],
    [[full, starting], false, 'occupied', true],
    [[full], true, 'occupied', true],
    [[failed], true, 'pending', true],
    [[draining], true, 'pending', true],
  ])('reports whether a further engine is expected: %#', (fleet, mayGrow, kind, isGrowing) => {
    expect(forecastCapacity(fleet, mayGrow)).toMatchObject({ kind, isGrowing });
  });
});
