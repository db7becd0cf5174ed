import { engineLabels } from './engine-labels';
import { foreignEngines, removalCommand } from './foreign-engines';

const [OWN, OTHER, THIRD] = ['0123456789abcdef', 'fedcba9876543210', 'aaaaaaaaaaaaaaaa'];

const labelsOf = (instance: string): Record<string, string> =>
  engineLabels({
    instance,
    key: '0123456789ab',
    specHash: 'x',
    ports: { http: 6878, https: null, api: null, p2p: null },
    publishedPort: null,
    forwardedPort: null,
    vpn: null,
    version: '1',
  });

describe('engines of other installations', () => {
  it('are counted by installation, and labels of other programs are ignored', () => {
    const labels = [
      ...[OWN, OTHER, THIRD, OTHER].map(labelsOf),
      ...[labelsOf('$(reboot)'), labelsOf('x'.repeat(16)), {}, null],
      { 'dev.acefleet.managed': 'true', 'dev.acefleet.instance': THIRD },
    ];
    // Only the first of the other two runs.
    const all = labels.map((one, index) => ({ labels: one, isRunning: index < 2 }));
    expect(foreignEngines(all, OWN, (instance) => `remove ${instance}`)).toEqual([
      { count: 2, areRunning: true, removal: `remove ${OTHER}` },
      { count: 1, areRunning: false, removal: `remove ${THIRD}` },
    ]);
  });

  it.each<[Parameters<typeof removalCommand>, string]>([
    [
      ['containers', OTHER, null],
      `docker rm -f $(docker ps -aq --filter label=dev.acefleet.instance=${OTHER})`,
    ],
    [
      ['containers', OTHER, 'tcp://socket-proxy:2375'],
      `docker rm -f $(docker ps -aq --filter label=dev.acefleet.instance=${OTHER})`,
    ],
    [
      ['containers', OTHER, 'unix:///run/d.sock'],
      `docker -H unix:///run/d.sock rm -f $(docker -H unix:///run/d.sock ps -aq --filter label=dev.acefleet.instance=${OTHER})`,
    ],
    [
      ['services', OTHER, null],
      `docker service rm $(docker service ls -q --filter label=dev.acefleet.instance=${OTHER})`,
    ],
  ])('are removed by a command (%#)', (arguments_, command) => {
    expect(removalCommand(...arguments_)).toBe(command);
  });
});
