import { type VpnContainer, VpnContainers } from './vpn-containers.port';

/** A healthy running container on one network, with the given differences. */
export function containerOf(given: Partial<VpnContainer> = {}): VpnContainer {
  return {
    id: 'box',
    startedAt: 't1',
    phase: 'running',
    status: 'running',
    health: 'healthy',
    addresses: [{ network: 'bridge', address: '127.0.0.1' }],
    provider: null,
    ...given,
  };
}

/** VPN containers whose state the test sets. */
export class ScriptedVpnContainers extends VpnContainers {
  readonly containers = new Map<string, VpnContainer>();
  /** Docker does not answer. */
  isSilent = false;
  own: readonly string[] = [];
  /** Number of inspections of each name so far. */
  readonly inspections = new Map<string, number>();
  /** The most inspections of one name that ran at once. */
  mostAtOnce = 0;
  followed: readonly string[] | null = null;
  private listener: (name: string) => void = () => undefined;
  private readonly underWay = new Map<string, number>();

  override async find(name: string): Promise<VpnContainer | null> {
    this.inspections.set(name, this.inspectionsOf(name) + 1);
    const before = this.underWay.get(name) ?? 0;
    this.underWay.set(name, before + 1);
    this.mostAtOnce = Math.max(this.mostAtOnce, before + 1);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay.set(name, before);
    if (this.isSilent) throw new Error('the Docker Engine gives no answer');
    return this.containers.get(name) ?? null;
  }

  override ownNetworks(): Promise<readonly string[]> {
    return this.isSilent ? Promise.reject(new Error('no answer')) : Promise.resolve(this.own);
  }

  override follow(names: readonly string[], listener: (name: string) => void): () => void {
    this.followed = names;
    this.listener = listener;
    return () => (this.followed = null);
  }

  inspectionsOf(name: string): number {
    return this.inspections.get(name) ?? 0;
  }

  /** Reports a change of a container, as Docker does. */
  tell(name: string): void {
    if (this.followed !== null) this.listener(name);
  }
}
