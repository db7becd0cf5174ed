import type { Candidate } from './candidate';
import { mayComeFree, slotsOnTheWay } from './outlook';

const full: Candidate = {
  id: 'a',
  state: 'healthy',
  activeStreams: 3,
  maxStreams: 3,
  vacatedStreams: 1,
  unprovedStreams: 0,
  forwarded: false,
  vpnHealthy: null,
  networkConnected: true,
  excluded: false,
  lastReservation: 0,
};

describe('slots on their way to be free', () => {
  it.each<[string, Candidate[], number]>([
    ['none without engines', [], 0],
    ['one of a full engine', [full], 1],
    ['those of all', [full, { ...full, id: 'b', state: 'suspect', vacatedStreams: 2 }], 3],
    ['none that is not given back', [{ ...full, vacatedStreams: 0 }], 0],
    ['none of an excluded engine', [{ ...full, excluded: true }], 0],
    ['none of one that takes nobody', [{ ...full, state: 'draining' }], 0],
    ['none of one that does not answer', [{ ...full, state: 'unhealthy' }], 0],
    ['none of one whose VPN is down', [{ ...full, vpnHealthy: false }], 0],
    [
      'none of one that stays beyond its limit',
      [{ ...full, activeStreams: 5, vacatedStreams: 1 }],
      0,
    ],
    ['what is left beyond it', [{ ...full, activeStreams: 4, vacatedStreams: 2 }], 1],
  ])('%s', (_, candidates, slots) => {
    expect(slotsOnTheWay(candidates)).toBe(slots);
  });
});

describe('slots that may come free', () => {
  const unproved: Candidate = { ...full, unprovedStreams: 2 };

  it.each<[string, Candidate[], boolean]>([
    ['none without engines', [], false],
    ['none where everything plays', [full], false],
    ['one in which nothing plays yet', [full, { ...unproved, id: 'b' }], true],
    ['none of an excluded engine', [{ ...unproved, excluded: true }], false],
    ['none of one that takes nobody', [{ ...unproved, state: 'draining' }], false],
  ])('%s', (_, candidates, expected) => {
    expect(mayComeFree(candidates)).toBe(expected);
  });
});
