import type { EngineEndpoint } from '../../ace';

/**
 * What an engine is doing, and who moves it:
 *
 *   starting ──probe ok──▶ healthy ◀──probe ok── suspect ──misses──▶ unhealthy ──3 probes ok──▶ healthy
 *   healthy ──miss, or a stream's complaint──▶ suspect;  any ──operator, fleet──▶ draining;  any ──driver──▶ gone
 */
export type EngineState = 'starting' | 'healthy' | 'suspect' | 'unhealthy' | 'draining' | 'gone';

/** Who takes an engine out of selection. What an operator decided is the operator's to lift. */
export type DrainedBy = 'operator' | 'fleet';

/** What a driver knows about an engine when it announces it. */
export interface EngineDescription {
  /** Stable: `static-HOST-PORT`, `sim-N`, or the container's id. */
  readonly id: string;
  readonly name: string;
  readonly endpoint: EngineEndpoint;
  /** Port of the old line protocol (62062), when known; shown, not used. */
  readonly apiPort: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** True when the engine holds a VPN's forwarded port; such engines reach more peers. */
  readonly forwarded: boolean;
  readonly vpn: string | null;
}

/** What a room outside `engines` may see of an engine. */
export interface EngineView extends EngineDescription {
  readonly state: EngineState;
}

/** What streams tell about the engine they run on; health takes it as a hint and probes at once. */
export type EngineComplaint =
  | 'connect_refused'
  | 'answer_timeout'
  | 'bad_answer'
  | 'reset'
  | 'silence'
  | 'unresponsive'
  | 'starving';
