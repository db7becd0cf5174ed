/*
 * The requests and answers of Docker's API (1.41 and later), under Docker's own names. Fields that acefleet does not use
 * are left out; a field that some Docker Engines leave out is optional, and one that they write as null may be null.
 */

/** A network as a container has joined it. Addresses are empty while the container does not run. */
export interface ContainerNetwork {
  readonly NetworkID: string;
  readonly IPAddress: string;
  readonly GlobalIPv6Address: string;
  readonly Gateway: string;
}

/** By the network's name. */
export type ContainerNetworks = Readonly<Record<string, ContainerNetwork>>;

/** An entry of the list of containers. */
export interface ContainerInfo {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  /** Unix time in seconds. */
  readonly Created: number;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  /** `Up 3 minutes (Paused)` */
  readonly Status: string;
  readonly NetworkSettings: { readonly Networks: ContainerNetworks };
}

export interface ImageInfo {
  readonly Id: string;
  /** Empty for an image whose names lead to other images now. */
  readonly RepoTags?: readonly string[] | null;
}

export interface ContainerInspectInfo {
  readonly Id: string;
  /** Id of its image. */
  readonly Image: string;
  /** Begins with `/`. */
  readonly Name: string;
  readonly Created: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Hostname: string;
    readonly Image: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: { readonly Memory?: number };
  /** Null for a container in the network of another one. */
  readonly NetworkSettings: { readonly Networks: ContainerNetworks | null };
}

export function networksOf({
  NetworkSettings,
}: Pick<ContainerInspectInfo, 'NetworkSettings'>): ContainerNetworks {
  return NetworkSettings.Networks ?? {};
}

/** The options of a container to create. */
export interface ContainerCreateOptions {
  readonly Image?: string;
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopTimeout?: number;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly HostConfig?: HostConfig;
}

export interface HostConfig {
  readonly NanoCpus?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly PidsLimit?: number;
  readonly CapDrop?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly Init?: boolean;
  readonly RestartPolicy?: { readonly Name: string };
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly NetworkMode?: string;
  readonly PortBindings?: Readonly<
    Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>
  >;
}

export interface NetworkInspectInfo {
  readonly Id: string;
  readonly Name: string;
  /** `local`, or `swarm` for a network that spans all nodes. */
  readonly Scope: string;
}

/**
 * The specification of a service to create. A specification that was read and is sent back keeps the fields that are
 * not listed here.
 */
export interface SwarmServiceSpec {
  readonly Name?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly TaskTemplate?: {
    readonly ContainerSpec?: {
      readonly Image?: string;
      readonly Labels?: Readonly<Record<string, string>>;
      readonly Args?: readonly string[];
      readonly Env?: readonly string[];
      readonly Init?: boolean;
      /** Nanoseconds. */
      readonly StopGracePeriod?: number;
      readonly Healthcheck?: { readonly Test: readonly string[] };
      readonly CapabilityDrop?: readonly string[];
      readonly Privileges?: { readonly NoNewPrivileges: boolean };
    };
    readonly Resources?: {
      readonly Limits?: {
        readonly MemoryBytes?: number;
        readonly NanoCPUs?: number;
        readonly Pids?: number;
      };
    };
    readonly RestartPolicy?: { readonly Condition: string; readonly MaxAttempts: number };
    readonly Placement?: {
      readonly Constraints?: readonly string[];
      readonly Platforms?: readonly { readonly Architecture: string; readonly OS: string }[];
    };
    readonly LogDriver?: {
      readonly Name: string;
      readonly Options: Readonly<Record<string, string>>;
    };
    readonly Networks?: readonly { readonly Target: string }[];
    readonly ForceUpdate?: number;
  };
  readonly Mode?: { readonly Replicated: { readonly Replicas: number } };
  readonly EndpointSpec?: {
    readonly Mode?: string;
    readonly Ports?: readonly {
      readonly Protocol: string;
      readonly TargetPort: number;
      readonly PublishedPort: number;
      readonly PublishMode: string;
    }[];
  };
}

export interface SwarmService {
  readonly ID: string;
  /** An update names this version, so that it cannot overwrite a change that another program made meanwhile. */
  readonly Version: { readonly Index: number };
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Spec: SwarmServiceSpec;
  readonly Endpoint?: {
    readonly Ports?: readonly { TargetPort: number; PublishedPort: number; Protocol: string }[];
    readonly VirtualIPs?: readonly { NetworkID: string; Addr: string }[];
  };
}

export type SwarmTaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned';

/** One attempt of the Swarm to run a service's container. Fields are missing until their values are known. */
export interface SwarmTask {
  readonly ID: string;
  readonly ServiceID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly NodeID?: string;
  readonly Slot?: number;
  readonly DesiredState: SwarmTaskState;
  readonly Status: {
    readonly Timestamp: string;
    readonly State: SwarmTaskState;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: {
      readonly ContainerID?: string;
      readonly PID?: number;
      readonly ExitCode?: number;
    };
    readonly PortStatus?: {
      readonly Ports?: readonly { TargetPort: number; PublishedPort: number; Protocol: string }[];
    };
  };
  readonly NetworksAttachments?: readonly {
    readonly Network: { readonly ID: string; readonly Spec: { readonly Name: string } };
    /** `10.0.1.5/24` */
    readonly Addresses?: readonly string[];
  }[];
}

export interface SwarmNode {
  readonly ID: string;
  readonly Spec: {
    readonly Role: 'worker' | 'manager';
    readonly Availability: 'active' | 'pause' | 'drain';
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly Description?: {
    readonly Hostname?: string;
    /** `x86_64` */
    readonly Platform?: { readonly Architecture?: string };
  };
  readonly Status: { readonly State: string; readonly Addr: string; readonly Message?: string };
}

/** Which tasks are listed. The values of one list are alternatives; all lists must match. */
export interface SwarmTaskFilters {
  readonly service?: readonly string[];
  readonly label?: readonly string[];
  readonly 'desired-state'?: readonly ('running' | 'shutdown' | 'accepted')[];
  readonly node?: readonly string[];
}
