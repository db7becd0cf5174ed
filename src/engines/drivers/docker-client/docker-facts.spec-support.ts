import type {
  ContainerInfo,
  ContainerInspectInfo,
  ContainerNetwork,
  ContainerNetworks,
} from './docker-types';

/** The networks of a container, by name. */
export function containerNetworks(
  networks: Readonly<Record<string, Partial<ContainerNetwork>>>,
): ContainerNetworks {
  const none = { NetworkID: '', IPAddress: '', GlobalIPv6Address: '', Gateway: '' };
  return Object.fromEntries(
    Object.entries(networks).map(([name, network]) => [name, { ...none, ...network }]),
  );
}

/** An entry of Docker's list of containers. */
export function aListedContainer(over: Partial<ContainerInfo> = {}): ContainerInfo {
  return {
    Id: 'c1',
    Names: ['/c1'],
    Image: 'engine:1',
    Created: 0,
    Labels: {},
    State: 'running',
    Status: 'Up 1 second',
    NetworkSettings: { Networks: {} },
    ...over,
  };
}

/** Docker's answer to an inspection; parts of its state and of its configuration may be given alone. */
export function anInspectedContainer({
  State,
  Config,
  ...over
}: Partial<Omit<ContainerInspectInfo, 'State' | 'Config'>> & {
  readonly State?: Partial<ContainerInspectInfo['State']>;
  readonly Config?: Partial<ContainerInspectInfo['Config']>;
} = {}): ContainerInspectInfo {
  return {
    Id: 'c1',
    Image: 'sha256:1',
    Name: '/c1',
    Created: '2026-01-01T00:00:00Z',
    State: {
      Status: 'running',
      Running: true,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      ExitCode: 0,
      Error: '',
      StartedAt: '2026-01-02T00:00:00.5Z',
      ...State,
    },
    Config: { Hostname: 'c1', Image: 'engine:1', Env: [], Labels: {}, ...Config },
    HostConfig: {},
    NetworkSettings: { Networks: {} },
    ...over,
  };
}
