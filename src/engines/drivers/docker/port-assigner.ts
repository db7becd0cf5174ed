import type { PortRange } from '../../../config';
import { ANY_INSTANCE, readEngineLabels, type EngineFacts } from '../containers/engine-labels';
import { type EnginePorts, PORT_NAMES, type PortName } from '../containers/engine-ports';
import type { EngineRecipe } from '../containers/engine-recipe';
import { type ProvisioningRequest, RuntimeError, type VpnSlot } from '../engine-runtime.port';
import type { DockerClient } from '../docker-client';
import type { EngineReach } from './engine-reach';
import type { PortAllocator } from '../containers/port-allocator';

/** The ports of one new engine, held for it until `release`. */
export interface PortAssignment {
  /** Ports inside the engine's network. */
  readonly ports: EnginePorts;
  /** Port of the Docker host; null: none is published. */
  readonly publishedPort: number | null;
  /** Call when another program uses the published port: other ports are preferred for a while. */
  readonly avoidPublished: () => void;
  /** Releases the ports. Idempotent. */
  readonly release: () => void;
}

export type PortClient = { readonly containers: Pick<DockerClient['containers'], 'list'> };

/** Name of the Docker host among the port spaces. No VPN can have an empty name. */
const HOST_SPACE = '';

/** Assigns ports to engines: none, one of the Docker host, or several of a VPN. */
export class PortAssigner {
  constructor(
    private readonly client: PortClient,
    private readonly recipe: Pick<
      EngineRecipe,
      'ownPorts' | 'portNames' | 'sharedNetworkObjection'
    >,
    private readonly allocator: PortAllocator,
    private readonly hostRange: PortRange,
  ) {}

  /**
   * @throws RuntimeError `no_place` when no port is left; `runtime_refused` when engines of these settings cannot run
   *   behind a VPN
   */
  async assign({ vpnSlot }: ProvisioningRequest, reach: EngineReach): Promise<PortAssignment> {
    const { ownPorts } = this.recipe;
    if (vpnSlot !== null) return this.assignBehindVpn(vpnSlot);
    if (reach.kind === 'published') return this.assignPublished(ownPorts);
    return { ports: ownPorts, publishedPort: null, avoidPublished: nothing, release: nothing };
  }

  private async assignPublished(ports: EnginePorts): Promise<PortAssignment> {
    const taken = await this.takenBy(({ publishedPort }) => [publishedPort]);
    const request = { space: HOST_SPACE, range: this.hostRange, count: 1, taken };
    const reservation = this.allocator.reserve(request);
    const [publishedPort = null] = reservation.ports;
    const avoidPublished = (): void => {
      if (publishedPort !== null) this.allocator.avoid(HOST_SPACE, publishedPort);
    };
    return { ports, publishedPort, avoidPublished, release: reservation.release };
  }

  /** Engines behind one VPN share its address, so each needs its own ports. */
  private async assignBehindVpn(vpnSlot: VpnSlot): Promise<PortAssignment> {
    const objection = this.recipe.sharedNetworkObjection();
    if (objection !== null) throw new RuntimeError('runtime_refused', objection);
    const taken = await this.takenBy(({ vpn, ports }) =>
      vpn?.containerId === vpnSlot.containerId || vpn?.vpn === vpnSlot.vpn
        ? PORT_NAMES.map((name) => ports[name])
        : [],
    );
    const forwarded = this.recipe.portNames.includes('p2p') ? vpnSlot.forwardedPort : null;
    if (vpnSlot.forwardedPort !== null) taken.add(vpnSlot.forwardedPort);
    const names = this.recipe.portNames.filter((name) => name !== 'p2p' || forwarded === null);
    const request = { space: vpnSlot.vpn, range: vpnSlot.ports, count: names.length, taken };
    const reservation = this.allocator.reserve(request);
    const port = (name: PortName): number | null => reservation.ports[names.indexOf(name)] ?? null;
    const ports = {
      http: port('http') ?? this.recipe.ownPorts.http,
      https: port('https'),
      api: port('api'),
      p2p: forwarded ?? port('p2p'),
    };
    const { release } = reservation;
    return { ports, publishedPort: null, avoidPublished: nothing, release };
  }

  /** Includes engines of other installations: they share the host and perhaps the VPN, and their labels list their ports. */
  private async takenBy(
    portsOf: (facts: EngineFacts) => readonly (number | null)[],
  ): Promise<Set<number>> {
    const containers = await this.client.containers.list(ANY_INSTANCE);
    const ports = containers.flatMap(({ Labels }) => {
      const facts = readEngineLabels(Labels);
      return facts === null ? [] : portsOf(facts);
    });
    return new Set(ports.filter((port) => port !== null));
  }
}

function nothing(): void {
  // No port is held.
}
