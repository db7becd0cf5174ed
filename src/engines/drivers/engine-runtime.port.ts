import type { EngineEndpoint } from '../../ace';
import type { PortRange } from '../../config';

/** The drivers that use a runtime: all but `static`. */
export type RuntimeKind = 'docker' | 'swarm' | 'simulator';

/** Why an engine could not be created, or the runtime gave no answer. The code is shown to operators. */
export type RuntimeErrorCode =
  /** The image does not exist, and could not be pulled. */
  | 'image_missing'
  /** A port that the engine needs is in use. */
  | 'port_conflict'
  /** Another container has the name. */
  | 'name_conflict'
  /** The runtime does not answer in time, or cannot be reached. */
  | 'docker_unavailable'
  /** The engine runs, but did not answer within ENGINE_START_TIMEOUT. */
  | 'start_timeout'
  /** The engine's process ended before its first answer. */
  | 'engine_exited'
  /** The network that engines should join does not exist. */
  | 'network_missing'
  /** The port range is used up, or no VPN takes an engine now. */
  | 'no_place'
  /** The runtime refused; its answer is in the message. */
  | 'runtime_refused';

export interface RuntimeErrorOptions extends ErrorOptions {
  /** A retry before this time fails in the same way; left out where nothing is known. */
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

/** Capacity for one engine behind a VPN: the engine joins the network of the VPN's container. */
export interface VpnSlot {
  /** The VPN's name, as VPN_CONTAINERS has it. */
  readonly vpn: string;
  readonly containerId: string;
  /** When that container was started: each start has a new network. */
  readonly containerStartedAt: string;
  /** Address of the VPN's container, and so of the engine. */
  readonly host: string;
  /** Engines behind one VPN share an address, so each needs its own ports from this range. */
  readonly ports: PortRange;
  /** The port that the VPN forwards, if this engine is the one that gets it. */
  readonly forwardedPort: number | null;
}

/** The runtime's part of a provisioning request: one engine to create. */
export interface ProvisioningRequest {
  /** Generated before the engine exists and kept in its labels: 12 lower-case hex digits. */
  readonly key: string;
  readonly vpnSlot: VpnSlot | null;
}

/**
 * - `created`: created, never started; only a provisioning request will start it
 * - `running`: its process runs, whether it answers or not
 * - `paused`: its process is paused
 * - `ended`: its process has ended
 */
export type EnginePhase = 'created' | 'running' | 'paused' | 'ended';

/**
 * An engine of this installation as its runtime lists it. For containers and services, the labels are the only
 * record; simulated engines are known only to this process.
 */
export interface ObservedEngine {
  /** The container's id, the service's id, or `sim-N`. */
  readonly id: string;
  /** Key of the provisioning request that it was created for. */
  readonly key: string;
  readonly name: string;
  readonly phase: EnginePhase;
  /** For an operator: `exited with code 137`. */
  readonly phaseDetail: string;
  readonly image: string;
  /** The content of its image; see `RuntimeImage.id`. */
  readonly imageId: string | null;
  /** Equals the runtime's `specHash` if the engine was created with the present settings. */
  readonly specHash: string;
  readonly createdAt: Date;
  /** Changes with each new process under the same id. */
  readonly incarnation: string;
  /** Null while it has no address: it does not run, or its address is not known yet. */
  readonly endpoint: EngineEndpoint | null;
  readonly apiPort: number | null;
  /** Labels of the container; shown to operators, never with secrets. */
  readonly labels: Readonly<Record<string, string>>;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  /** The VPN's forwarded port, if this engine was created with it; otherwise null. */
  readonly forwardedPort: number | null;
}

export type RuntimeLinkState = 'connecting' | 'connected' | 'lost';

/** The connection to the runtime itself. */
export interface RuntimeLink {
  readonly state: RuntimeLinkState;
  readonly since: Date;
  /** Why it is not connected; null when it is connected. */
  readonly reason: string | null;
}

/** The image from which engines are created. */
export interface RuntimeImage {
  readonly reference: string;
  /**
   * The content to which the reference led when it was last looked up; engines with another `imageId` were created from
   * another content. Null: unknown, or engines need no image.
   */
  readonly id: string | null;
  readonly state: 'unknown' | 'present' | 'pulling' | 'missing';
  /** During a pull: bytes received, and total bytes as far as known. */
  readonly progress: { readonly currentBytes: number; readonly totalBytes: number } | null;
  /** Why it is missing; null when it is present. */
  readonly reason: string | null;
}

/** What a runtime reports by itself. Calls return at once and never throw. */
export interface RuntimeListener {
  /** Something may have changed, so a listing is due. A hint that may come often, late or never. */
  changed(): void;
  /** The runtime reported that this engine is gone for good: no second listing is needed. */
  vanished(engineId: string): void;
}

export interface EngineLogs {
  /** Newest last, each without its line end. At most as many as requested. */
  readonly lines: readonly string[];
}

/** Engines of another installation on the same runtime. They may be in use or left over. */
export interface ForeignEngines {
  readonly count: number;
  /** At least one of them. */
  readonly areRunning: boolean;
  /** The command that removes them, and nothing else. */
  readonly removal: string;
}

/** What an engine uses at one moment. */
export interface EngineUsage {
  /** 100 is one core. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
}

/**
 * Creates, observes and removes the containers, services or processes of single engines. It decides nothing: the fleet
 * (see `EngineDriver`) decides how many engines there are and what happens to a failing one. Every call has its own
 * deadline. A call that misses it fails with a `RuntimeError`. Apart from `foreignEngines`, engines without the label
 * of this installation are neither listed nor touched.
 */
export abstract class EngineRuntime {
  abstract readonly kind: RuntimeKind;
  /**
   * Hash of everything in an engine that depends on settings and machine; part of each engine's labels. Valid after the
   * first answer of `list`.
   */
  abstract readonly specHash: string;
  /** True if engines are started with the limits of the settings, and their labels say so. */
  abstract readonly takesLimits: boolean;
  /** The command that removes all engines of this installation; null: they end with this process. */
  abstract readonly removal: string | null;
  /** ENGINE_PROFILE in use; null: engines need no image. */
  abstract readonly profile: string | null;
  abstract readonly link: RuntimeLink;
  abstract readonly image: RuntimeImage;

  /** Begins to listen for changes. Returns at once; an unreachable runtime is retried without end. */
  abstract open(listener: RuntimeListener): void;
  /**
   * Every engine of this installation, in any phase. A failed listing says nothing about engines.
   *
   * @throws RuntimeError `docker_unavailable`
   */
  abstract list(): Promise<ObservedEngine[]>;
  /**
   * Engines of other installations, one entry for each installation.
   *
   * @throws RuntimeError
   */
  abstract foreignEngines(): Promise<readonly ForeignEngines[]>;
  /**
   * Creates one engine and starts its process. When it throws, no port is held, and the container is removed. If the
   * container cannot be removed yet, it is hidden from listings, and a later listing removes it. A missing image is
   * pulled first, once for all requests. All requests that wait for a pull are aborted at the same time, which also
   * aborts the pull.
   *
   * @throws RuntimeError
   */
  abstract provision(request: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine>;
  /**
   * Asks the registry for the present content of the image, and pulls it. Changes `image.id` if it has changed. Engines
   * can be created meanwhile.
   *
   * @throws RuntimeError `image_missing` with the registry's reason; `docker_unavailable`
   */
  abstract refreshImage(signal: AbortSignal): Promise<void>;
  /**
   * From now on, engines are created from this content instead of the one to which the reference leads, as long as it
   * exists; null: from the reference again.
   */
  abstract pinImage(id: string | null): void;
  /** Removes a content that has no other name and that no container uses. Does nothing otherwise. Never rejects. */
  abstract discardImage(id: string): Promise<void>;
  /**
   * Removes the engine; succeeds if it is gone already. A running process gets a moment to end, then it is killed.
   *
   * @throws RuntimeError
   */
  abstract remove(engineId: string): Promise<void>;
  /**
   * Ends the engine's process and starts it again under the same id.
   *
   * @throws RuntimeError
   */
  abstract restart(engineId: string): Promise<void>;
  /**
   * Unpauses an engine.
   *
   * @throws RuntimeError
   */
  abstract unpause(engineId: string): Promise<void>;
  /** @throws RuntimeError */
  abstract logs(engineId: string, lines: number): Promise<EngineLogs>;
  /** @throws RuntimeError */
  abstract usage(engineId: string): Promise<EngineUsage>;
  /** The demo channels of the simulator; none for real engines. */
  abstract demoChannels(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Ends everything that was begun here, within seconds. Engines that outlive this process keep running. */
  abstract close(): Promise<void>;
}
