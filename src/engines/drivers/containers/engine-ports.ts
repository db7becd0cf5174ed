/** Where an engine listens, by what it is for. */
export type PortName = 'http' | 'https' | 'api' | 'p2p';

/** Ports inside the network that the engine runs in; null: nothing is known to listen. */
export interface EnginePorts {
  /** Playback, statistics, commands. */
  readonly http: number;
  /** As `http`; engines open it only when they are given a certificate too. */
  readonly https: number | null;
  /** The old line protocol. */
  readonly api: number | null;
  /** TCP and UDP to other peers. */
  readonly p2p: number | null;
}

/** What engines listen at when they are told nothing (the engine's own documentation). */
export const DEFAULT_PORTS = { http: 6878, https: 6879, api: 62_062, p2p: 8621 } as const;

export const PORT_NAMES = ['http', 'https', 'api', 'p2p'] as const satisfies readonly PortName[];
