import type { PortRange } from '../../../config';
import { ANY_INSTANCE, readEngineLabels, type EngineFacts } from '../containers/engine-labels';
import { type EnginePorts, PORT_NAMES, type PortName } from '../containers/engine-ports';
import type { EngineRecipe } from '../containers/engine-recipe';
import { type ProvisioningRequest, RuntimeError, type VpnSlot } from '../engine-runtime.port';
import type { DockerClient } from '../docker-client';
import type { EngineReach } from './engine-reach';
import type { PortAllocator } from '../containers/port-allocation';

/** The ports of one engine to be, held for it until `release`. */
export interface EnginePlace {
  /** Inside the network that it runs in. */
  readonly ports: EnginePorts;
  /** Of the Docker host; null: none leads to it. */
  readonly publishedPort: number | null;
  /** The published port belongs to another program: others come first for a while. */
  readonly avoidPublished: () => void;
  /** Idempotent. */
  readonly release: () => void;
}

export type PlaceClient = { readonly containers: Pick<DockerClient['containers'], 'list'> };

/** Name of the ports of the Docker host among all port spaces; no VPN can be called so. */
const HOST_SPACE = '';

/** Finds ports for engines: none, one of the Docker host, or some of a VPN's. */
export class EnginePlaces {
  constructor(
    private readonly client: PlaceClient,
    private readonly recipe: Pick<EngineRecipe, 'ownPorts' | 'portNames' | 'seatObjection'>,
    private readonly allocator: PortAllocator,
    private readonly hostRange: PortRange,
  ) {}

  /**
   * @throws RuntimeError `no_place` when no port is left; `runtime_refused` when engines of these settings
   *   cannot sit behind a VPN
   */
  async find({ vpnSlot }: ProvisioningRequest, reach: EngineReach): Promise<EnginePlace> {
    const { ownPorts } = this.recipe;
    if (vpnSlot !== null) return this.findBehind(vpnSlot);
    if (reach.kind === 'published') return this.findPublished(ownPorts);
    return { ports: ownPorts, publishedPort: null, avoidPublished: nothing, release: nothing };
  }

  private async findPublished(ports: EnginePorts): Promise<EnginePlace> {
    const taken = await this.takenBy(({ publishedPort }) => [publishedPort]);
    const wish = { space: HOST_SPACE, range: this.hostRange, count: 1, taken };
    const reservation = this.allocator.reserve(wish);
    const [publishedPort = null] = reservation.ports;
    const avoidPublished = (): void => {
      if (publishedPort !== null) this.allocator.avoid(HOST_SPACE, publishedPort);
    };
    return { ports, publishedPort, avoidPublished, release: reservation.release };
  }

  /** Engines behind one VPN share its address: every port that one opens is its own. */
  private async findBehind(vpnSlot: VpnSlot): Promise<EnginePlace> {
    const objection = this.recipe.seatObjection();
    if (objection !== null) throw new RuntimeError('runtime_refused', objection);
    const taken = await this.takenBy(({ vpn, ports }) =>
      vpn?.containerId === vpnSlot.containerId || vpn?.vpn === vpnSlot.vpn
        ? PORT_NAMES.map((name) => ports[name])
        : [],
    );
    const forwarded = this.recipe.portNames.includes('p2p') ? vpnSlot.forwardedPort : null;
    if (vpnSlot.forwardedPort !== null) taken.add(vpnSlot.forwardedPort);
    const names = this.recipe.portNames.filter((name) => name !== 'p2p' || forwarded === null);
    const wish = { space: vpnSlot.vpn, range: vpnSlot.ports, count: names.length, taken };
    const reservation = this.allocator.reserve(wish);
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

  /** Engines of other instances count: they share the host and perhaps the VPN, and say so by their labels. */
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
