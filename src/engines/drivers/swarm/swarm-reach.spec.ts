import { chooseReach, type JoinedNetwork, type ReachConfig, type SwarmReach } from './swarm-reach';

const ENGINES: JoinedNetwork = { name: 'engines', isOfSwarm: true };
const ALSO: JoinedNetwork = { name: 'also', isOfSwarm: true };
const LOCAL: JoinedNetwork = { name: 'bridge', isOfSwarm: false };
const INGRESS: JoinedNetwork = { name: 'ingress', isOfSwarm: true };

const settings = (
  engineReach: ReachConfig['engineReach'],
  dockerNetwork: string | null = null,
): ReachConfig => ({ engineReach, dockerNetwork });

describe('how engines of a Swarm are reached', () => {
  it.each<[string, ReachConfig, JoinedNetwork[], SwarmReach]>([
    ['outside', settings('auto'), [], { kind: 'published', network: null }],
    ['inside', settings('auto'), [LOCAL, ENGINES], { kind: 'container', network: 'engines' }],
    ['inside two', settings('auto'), [ENGINES, ALSO], { kind: 'container', network: 'also' }],
    ['in a local network', settings('auto'), [LOCAL], { kind: 'published', network: null }],
    ['in that for ports', settings('auto'), [INGRESS], { kind: 'published', network: null }],
    [
      'inside the named one',
      settings('auto', 'engines'),
      [ALSO, ENGINES],
      { kind: 'container', network: 'engines' },
    ],
    [
      'inside another one',
      settings('auto', 'engines'),
      [ALSO],
      { kind: 'published', network: 'engines' },
    ],
    [
      'told to publish',
      settings('published'),
      [ENGINES],
      { kind: 'published', network: 'engines' },
    ],
    [
      'told not to',
      settings('container', 'engines'),
      [],
      { kind: 'container', network: 'engines' },
    ],
  ])('%s', (_, config, joined, reach) => {
    expect(chooseReach(config, joined)).toEqual(reach);
  });

  it('cannot be by their own addresses without a network', () => {
    expect(() => chooseReach(settings('container'), [LOCAL])).toThrow(
      expect.objectContaining({ code: 'network_missing' }),
    );
  });
});
