import type { ServiceSpec } from 'dockerode';

/** What a service is to be. */
export type SwarmServiceSpec = ServiceSpec;

export interface SwarmService {
  readonly ID: string;
  /** To be given back with an update, so that nobody overwrites what somebody else changed meanwhile. */
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

/** One try of Swarm to run a service's container. Parts are missing until they are known. */
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
  readonly Description?: { readonly Hostname?: string };
  readonly Status: { readonly State: string; readonly Addr: string; readonly Message?: string };
}

/** What tasks are asked for: each list is alternatives, and all lists must match. */
export interface SwarmTaskFilters {
  readonly service?: readonly string[];
  readonly label?: readonly string[];
  readonly 'desired-state'?: readonly ('running' | 'shutdown' | 'accepted')[];
  readonly node?: readonly string[];
}
