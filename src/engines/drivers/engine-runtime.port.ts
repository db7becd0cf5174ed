import type { EngineEndpoint } from '../../ace';
import type { PortRange } from '../../config';

/** What runs engines for us. */
export type RuntimeKind = 'docker' | 'swarm' | 'simulator';

/** Why an engine could not be made, or a runtime not be asked. The code is shown to operators. */
export type RuntimeErrorCode =
  /** The image is not there, and could not be pulled. */
  | 'image_missing'
  /** A port that the engine needs is taken by somebody else. */
  | 'port_conflict'
  /** A container of somebody else has the name. */
  | 'name_conflict'
  /** The runtime gives no answer in time, or cannot be reached. */
  | 'docker_unavailable'
  /** The engine runs, but gave no answer within ENGINE_START_TIMEOUT. */
  | 'start_timeout'
  /** The engine's process ended before it had answered once. */
  | 'engine_exited'
  /** The network that engines are to join is not there. */
  | 'network_missing'
  /** No place is left: the port range is used up, or no VPN takes an engine now. */
  | 'no_place'
  /** The runtime refused: what it said is in the message. */
  | 'runtime_refused';

export interface RuntimeErrorOptions extends ErrorOptions {
  /** Trying again before that leads to the same; left out where nothing is known. */
  readonly retryAfterMs?: number;
}

/** The message is one line for the operator, without secrets. */
export class RuntimeError extends Error {
  readonly retryAfterMs: number;

  constructor(
    readonly code: RuntimeErrorCode,
    message: string,
    options?: RuntimeErrorOptions,
  ) {
    super(message, options);
    this.name = 'RuntimeError';
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}

/** Where an engine behind a VPN is put: into the network of the VPN's container. */
export interface VpnSlot {
  /** The VPN's name, as VPN_CONTAINERS has it. */
  readonly vpn: string;
  readonly containerId: string;
  /** When that container was started: another value means that its network is another one. */
  readonly containerStartedAt: string;
  /** Under which the VPN's container, and so the engine, is reached. */
  readonly host: string;
  /** Engines behind one VPN share an address, so each needs ports of its own out of this range. */
  readonly ports: PortRange;
  /** The port that the VPN forwards, when this engine is the one to get it. */
  readonly forwardedPort: number | null;
}

/** An engine that is wanted. */
export interface ProvisioningRequest {
  /** Made by us before the engine exists and kept in its labels: 12 lower-case hex digits. */
  readonly key: string;
  readonly vpnSlot: VpnSlot | null;
}

/**
 * - `created`: made, never started; nobody but us will start it
 * - `running`: its process runs, whether it answers or not
 * - `paused`: frozen by somebody
 * - `ended`: its process is over
 */
export type EnginePhase = 'created' | 'running' | 'paused' | 'ended';

/** An engine of ours as its runtime shows it. Labels are the only truth: nothing here is remembered. */
export interface ObservedEngine {
  /** What the product calls it: the container's id, the service's id, `sim-N`. */
  readonly id: string;
  /** Of the order it was made for. */
  readonly key: string;
  readonly name: string;
  readonly phase: EnginePhase;
  /** In words: `exited with code 137`. */
  readonly phaseDetail: string;
  readonly image: string;
  /** Equals the runtime's `specHash` when it was made with the settings of now. */
  readonly specHash: string;
  readonly createdAt: Date;
  /** Another value under the same id: another process, of which nothing is known. */
  readonly incarnation: string;
  /** Null while it has no address: not running, or not told yet. */
  readonly endpoint: EngineEndpoint | null;
  readonly apiPort: number | null;
  /** As on the container; shown to operators, never holds secrets. */
  readonly labels: Readonly<Record<string, string>>;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  /** The VPN's forwarded port that it was given. */
  readonly forwardedPort: number | null;
}

export type RuntimeLinkState = 'connecting' | 'connected' | 'lost';

/** How it stands with the runtime itself. */
export interface RuntimeLink {
  readonly state: RuntimeLinkState;
  readonly since: Date;
  /** Why it is not connected; null when it is. */
  readonly reason: string | null;
}

/** How it stands with the image that engines are made of. */
export interface RuntimeImage {
  readonly reference: string;
  readonly state: 'unknown' | 'present' | 'pulling' | 'missing';
  /** While it is pulled: bytes got and bytes in all so far known. */
  readonly progress: { readonly currentBytes: number; readonly totalBytes: number } | null;
  /** Why it is missing; null when it is present. */
  readonly reason: string | null;
}

/** What a runtime tells without being asked. Calls return at once and never throw. */
export interface RuntimeListener {
  /** Something changed: look again soon. A hint that may come often, late or never. */
  changed(): void;
  /** The runtime itself said that this engine is gone for good: one look less is needed to believe it. */
  vanished(engineId: string): void;
}

export interface EngineLogs {
  /** Newest last, each without its line end. At most as many as were asked for. */
  readonly lines: readonly string[];
}

/** Engines of another installation at the same place: left over, or in use. */
export interface ForeignEngines {
  readonly count: number;
  /** At least one of them. */
  readonly areRunning: boolean;
  /** The command with which an operator removes them, and nothing else. */
  readonly removal: string;
}

/** One look at what an engine uses. */
export interface EngineUsage {
  /** 100 is one core. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
}

/**
 * Runs engines, one by one. Decides nothing: how many there are, and what becomes of one that fails, is
 * the fleet's business. Every call has a deadline of its own and ends with a `RuntimeError` then. Engines
 * that are not ours (no label of this instance) are neither shown nor touched.
 */
export interface EngineRuntime {
  readonly kind: RuntimeKind;
  /**
   * Hash of everything that settings and machine say about an engine; part of each engine's labels. Holds from the
   * first
   * answer of `list` on.
   */
  readonly specHash: string;
  /** The command with which an operator removes all engines of ours; null: they end with us. */
  readonly removal: string | null;
  /** How engines are told their ports and options, as ENGINE_PROFILE names it; null: no image is needed. */
  readonly profile: string | null;
  readonly link: RuntimeLink;
  readonly image: RuntimeImage;

  /** Begins to listen for changes. Returns at once; an unreachable runtime is tried again for ever. */
  open(listener: RuntimeListener): void;
  /**
   * Every engine of ours, in whatever phase. A failed look says nothing about engines.
   *
   * @throws RuntimeError `docker_unavailable`
   */
  list(): Promise<ObservedEngine[]>;
  /**
   * By installation.
   *
   * @throws RuntimeError
   */
  foreignEngines(): Promise<readonly ForeignEngines[]>;
  /**
   * Makes one engine and starts its process: all or nothing. When it throws, nothing is left behind: no
   * container, no port. A missing image is pulled first; `signal` ends also that.
   *
   * @throws RuntimeError
   */
  provision(order: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine>;
  /**
   * Makes it absent; one that is gone already is fine. A running process gets a moment to end, then force.
   *
   * @throws RuntimeError
   */
  remove(engineId: string): Promise<void>;
  /**
   * Ends its process and starts it again under the same id.
   *
   * @throws RuntimeError
   */
  restart(engineId: string): Promise<void>;
  /**
   * Lets a paused engine run on.
   *
   * @throws RuntimeError
   */
  unpause(engineId: string): Promise<void>;
  /** @throws RuntimeError */
  logs(engineId: string, lines: number): Promise<EngineLogs>;
  /** @throws RuntimeError */
  usage(engineId: string): Promise<EngineUsage>;
  /** Channels that play without anybody broadcasting them: none for real engines. */
  demoChannels(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Ends what was begun here; engines that outlive us go on. Within seconds. */
  close(): Promise<void>;
}
