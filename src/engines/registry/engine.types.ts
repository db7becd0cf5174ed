import type { EngineEndpoint } from '../../ace';

/** The state of an engine. `engine-state.ts` says what each state means and who changes it. */
export type EngineState = 'starting' | 'healthy' | 'suspect' | 'unhealthy' | 'draining' | 'gone';

/** Who drains an engine. Only an operator ends an operator's drain. */
export type DrainedBy = 'operator' | 'fleet';

/**
 * Why an engine is drained or removed:
 * - `operator`: an operator drains or removes it
 * - `restart`: an operator restarts it
 * - `ended`: its process has ended
 * - `never_started`: its container was created and never started
 * - `start_timeout`: it has not answered within ENGINE_START_TIMEOUT
 * - `unhealthy`: it has missed several probes in a row
 * - `paused`: its process is kept paused
 * - `no_address`: it runs but has lost its address
 * - `no_network`: it reports no network, while another engine reports one
 * - `network_lost`: the network of its VPN's container is gone
 * - `vpn_down`: its VPN is down
 * - `vpn_drained`: an operator drains its VPN
 * - `misplaced`: another VPN, or another forwarded port, is better
 * - `outdated`: it was created with other settings
 * - `image_changed`: it was created from an earlier content of its image
 * - `replace_requested`: an operator replaces all engines
 * - `max_age`: it is older than ENGINE_MAX_AGE
 * - `max_starts`: it has started ENGINE_MAX_STARTS streams
 * - `surplus`: it is not needed
 */
export const DRAIN_REASONS = [
  'operator',
  'restart',
  'ended',
  'never_started',
  'start_timeout',
  'unhealthy',
  'paused',
  'no_address',
  'no_network',
  'network_lost',
  'vpn_down',
  'vpn_drained',
  'misplaced',
  'outdated',
  'image_changed',
  'replace_requested',
  'max_age',
  'max_starts',
  'surplus',
] as const;

export type DrainReason = (typeof DRAIN_REASONS)[number];

/** What a driver knows about an engine when it announces it. */
export interface EngineDescription {
  /** Stable: `static-HOST-PORT`, `sim-N`, or the container's id. */
  readonly id: string;
  readonly name: string;
  readonly endpoint: EngineEndpoint;
  /** Port of the line protocol (62062), if known; shown, not used. */
  readonly apiPort: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** True when the engine holds a VPN's forwarded port; such engines reach more peers. */
  readonly forwarded: boolean;
  readonly vpn: string | null;
  /** Number of its slots; null or left out: MAX_STREAMS_PER_ENGINE. */
  readonly maxStreams?: number | null;
  /** True if somebody else runs it, and it was added with the API. */
  readonly isExternal?: boolean;
}

/** Where a driver announces engines. Calls return at once and never throw. */
export interface EngineSink {
  /**
   * Announces an engine that has this address from now on: a new one, or one that was lost and has returned.
   * @param startBudgetMs time for the first answer of a new process; until then, missed probes are expected. 0 or
   *   left out: the engine should answer at once.
   */
  announce(description: EngineDescription, startBudgetMs?: number): void;
  /**
   * Reports that an engine can no longer be reached. It may return under the same id.
   * @param isCutOff true if its process runs on without an address. Its connections stay open, so its streams would
   *   detect the loss only by silence. False or left out: the process has ended, and its connections with it.
   */
  lose(engineId: string, reason: string, isCutOff?: boolean): void;
  /** Reports that an engine is gone for good. */
  remove(engineId: string, reason: string): void;
}

/** What other modules see of an engine. */
export interface EngineView extends EngineDescription {
  readonly state: EngineState;
}

/** What a stream reports about its engine; health then probes the engine at once. */
export type EngineComplaint =
  | 'connect_refused'
  | 'answer_timeout'
  | 'bad_answer'
  | 'reset'
  | 'silence'
  | 'unresponsive'
  | 'starving';
