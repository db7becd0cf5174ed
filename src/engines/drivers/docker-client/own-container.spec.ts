import { unavailable } from './docker-error';
import { findOwnContainer, ownContainerCandidates, type ContainerTraces } from './own-container';

const OWN = 'a1'.repeat(32);
const OTHER = 'b2'.repeat(32);

const OUTSIDE: ContainerTraces = {
  hostname: 'nas',
  mounts: [
    '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
    // What a process of the Docker host sees of the containers that it runs.
    `95 22 0:50 / /var/lib/docker/containers/${OTHER}/mounts/shm rw - tmpfs shm rw`,
  ].join('\n'),
  cgroups: '0::/user.slice/session-1.scope\n',
};

const INSIDE: ContainerTraces = {
  hostname: OWN.slice(0, 12),
  mounts: [
    '600 500 0:80 / / rw - overlay overlay rw',
    `610 600 8:1 /var/lib/docker/containers/${OWN}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw`,
    `611 600 8:1 /var/lib/docker/containers/${OWN}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`,
    `612 600 8:1 /var/lib/docker/containers/${OTHER}/hosts /srv/hosts rw - ext4 /dev/sda1 rw`,
  ].join('\n'),
  cgroups: '0::/\n',
};

function container(id: string, hostname: string, isRunning = true): object {
  return {
    Id: id,
    Name: '/acefleet',
    State: { Running: isRunning },
    Config: { Hostname: hostname },
    NetworkSettings: {
      Networks: {
        engines: { NetworkID: 'n1', IPAddress: '172.20.0.2' },
        bridge: { NetworkID: 'n2', IPAddress: '' },
      },
    },
  };
}

/** A `find` that knows these containers only. */
function engineWith(...containers: object[]): Parameters<typeof findOwnContainer>[0] {
  const find = (id: string): Promise<unknown> =>
    Promise.resolve(containers.find((one) => (one as { Id: string }).Id.startsWith(id)) ?? null);
  return { find } as Parameters<typeof findOwnContainer>[0];
}

describe('the container that this program runs in', () => {
  it.each<[string, ContainerTraces, string[]]>([
    ['mounted files', INSIDE, [OWN, OWN.slice(0, 12)]],
    [
      'cgroups of version 1',
      { ...OUTSIDE, cgroups: `12:cpu:/docker/${OWN}\n0::/docker/${OWN}` },
      [OWN],
    ],
    ['cgroups of systemd', { ...OUTSIDE, cgroups: `0::/system.slice/docker-${OWN}.scope` }, [OWN]],
    ['cgroups of a parent of the operator', { ...OUTSIDE, cgroups: `0::/engines/${OWN}` }, [OWN]],
    ['the hostname', { hostname: 'a1b2c3d4e5f6', mounts: '', cgroups: '' }, ['a1b2c3d4e5f6']],
    ['nothing', OUTSIDE, []],
  ])('is found by %s', (_, traces, ids) => {
    expect(ownContainerCandidates(traces).map(({ id }) => id)).toEqual(ids);
  });

  it('is found with its networks', async () => {
    const engine = engineWith(container(OTHER, 'x'), container(OWN, 'chosen-by-hand'));
    expect(await findOwnContainer(engine, INSIDE)).toEqual({
      id: OWN,
      name: 'acefleet',
      networks: [
        { name: 'engines', id: 'n1', ipAddress: '172.20.0.2' },
        { name: 'bridge', id: 'n2', ipAddress: '' },
      ],
    });
  });

  it.each<[string, ContainerTraces, object[]]>([
    ['outside', OUTSIDE, [container(OTHER, 'x')]],
    ['in a container of another Docker Engine', INSIDE, [container(OTHER, 'x')]],
    [
      'when the hostname only looks like an id',
      { hostname: OTHER.slice(0, 12), mounts: '', cgroups: '' },
      [container(OTHER, 'x')],
    ],
    ['when that container has ended', INSIDE, [container(OWN, OWN.slice(0, 12), false)]],
  ])('is null %s', async (_, traces, containers) => {
    expect(await findOwnContainer(engineWith(...containers), traces)).toBeNull();
  });

  it('is unknown while Docker does not answer', async () => {
    const engine = { find: () => Promise.reject(unavailable('away')) };
    await expect(findOwnContainer(engine, INSIDE)).rejects.toMatchObject({
      code: 'docker_unavailable',
    });
  });
});
