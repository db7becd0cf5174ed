import {
  type ContainerInspectInfo,
  type ContainerNetworks,
  type DockerClient,
  DockerEvents,
  networksOf,
} from '../drivers/docker-client';
import {
  type NetworkAddress,
  type VpnContainer,
  type VpnContainerHealth,
  type VpnContainerPhase,
  VpnContainers,
} from './vpn-containers.port';

/**
 * Docker events that may concern the state of a VPN. Without this filter, each health check would lead to three
 * events.
 */
const EVENTS = ['start', 'die', 'pause', 'unpause', 'destroy', 'rename', 'health_status'];

const PROVIDER = /^VPN_SERVICE_PROVIDER=(.{1,100})$/;

/** Observes VPN containers through the Docker API: inspects them and follows their events. */
export class DockerVpnContainers extends VpnContainers {
  constructor(private readonly docker: DockerClient) {
    super();
  }

  override async find(name: string): Promise<VpnContainer | null> {
    const info = await this.docker.containers.find(name);
    // Docker also finds a container by a prefix of its id.
    return info?.Name === `/${name}` ? vpnContainer(info) : null;
  }

  override async ownNetworks(): Promise<readonly string[]> {
    const own = await this.docker.ownContainer();
    return own?.networks.map(({ name }) => name) ?? [];
  }

  override follow(names: readonly string[], listener: (name: string) => void): () => void {
    const events = new DockerEvents(
      this.docker,
      { type: ['container'], container: [...names], event: EVENTS },
      {
        // Docker's filter also matches names that only begin with one of these.
        onEvent: ({ attributes }) => {
          const { name = '', oldName = '' } = attributes;
          for (const each of names) if (each === name || `/${each}` === oldName) listener(each);
        },
        onGap: () => {
          for (const each of names) listener(each);
        },
      },
    );
    events.open();
    return () => events.close();
  }
}

function vpnContainer(info: ContainerInspectInfo): VpnContainer {
  const { Id, State, Config } = info;
  return {
    id: Id,
    startedAt: State.StartedAt,
    phase: phaseOf(State),
    status: State.Status,
    health: healthOf(State.Health?.Status),
    addresses: addressesOf(networksOf(info)),
    provider: firstOf(Config.Env, PROVIDER),
  };
}

function phaseOf({
  Running,
  Paused,
  Restarting,
}: ContainerInspectInfo['State']): VpnContainerPhase {
  if (Paused) return 'paused';
  return Running && !Restarting ? 'running' : 'stopped';
}

function healthOf(status: string | undefined): VpnContainerHealth {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

function addressesOf(networks: ContainerNetworks): NetworkAddress[] {
  return Object.entries(networks).flatMap(([network, { IPAddress, GlobalIPv6Address }]) => {
    const address = [IPAddress, GlobalIPv6Address].find((each) => each !== '');
    return address === undefined ? [] : [{ network, address }];
  });
}

/** The environment contains credentials: only the first group of a match leaves this function. */
function firstOf(environment: readonly string[] | null, pattern: RegExp): string | null {
  for (const line of environment ?? []) {
    const value = pattern.exec(line)?.[1];
    if (value !== undefined) return value;
  }
  return null;
}
