import { engineLabels, LABEL_PREFIX } from '../containers/engine-labels';
import { LOGGING, PIDS_LIMIT, STOP_GRACE_S } from '../containers/engine-limits';
import type { EnginePorts } from '../containers/engine-ports';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { ProvisioningRequest } from '../engine-runtime.port';
import type { ContainerCreateOptions } from '../docker-client';
import type { EngineReach } from './engine-reach';

/** Everything that one container depends on. */
export interface ContainerPlan {
  readonly order: ProvisioningRequest;
  /** Which product it belongs to. */
  readonly instance: string;
  /** Of the product. */
  readonly version: string;
  readonly recipe: Pick<EngineRecipe, 'imageReference' | 'specHash' | 'launch'>;
  readonly reach: EngineReach;
  /** Inside the network that it runs in. */
  readonly ports: EnginePorts;
  /** Port of the Docker host that leads to its HTTP port; null: none does. */
  readonly publishedPort: number | null;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
}

/** Address of the VPN that an engine is behind; whoever adopts the engine finds it in this label. */
export const VPN_HOST_LABEL = `${LABEL_PREFIX}vpn-host`;

/** What Docker is asked to create. */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const { command, env } = plan.recipe.launch(plan.ports);
  return {
    Image: plan.recipe.imageReference,
    ...(command === null ? {} : { Cmd: [...command] }),
    Env: [...env],
    Labels: labelsOf(plan),
    StopTimeout: STOP_GRACE_S,
    // Engines are probed by us; the image's own check would run a process in each, twice a minute.
    Healthcheck: { Test: ['NONE'] },
    ...exposedPorts(plan),
    HostConfig: {
      ...memoryLimit(plan.memoryLimitBytes),
      PidsLimit: PIDS_LIMIT,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      // As process 1 the engine would ignore SIGTERM; an init passes it on and collects dead children.
      Init: true,
      // Whoever restarts engines besides us would bring back what we have given up.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: LOGGING.driver, Config: LOGGING.options },
      ...networkMode(plan),
      ...portBindings(plan),
    },
  };
}

function labelsOf({ order, instance, version, recipe, ports, publishedPort }: ContainerPlan) {
  const { key, vpnSlot } = order;
  const labels = engineLabels({
    instance,
    key,
    specHash: recipe.specHash,
    ports,
    publishedPort,
    forwardedPort: vpnSlot?.forwardedPort ?? null,
    vpn: vpnSlot,
    version,
  });
  return vpnSlot === null ? labels : { ...labels, [VPN_HOST_LABEL]: vpnSlot.host };
}

/** Without a limit for memory and swap together Docker would allow as much swap again. */
function memoryLimit(bytes: number) {
  return bytes === 0 ? {} : { Memory: bytes, MemorySwap: bytes };
}

function networkMode({ order, reach }: ContainerPlan) {
  if (order.vpnSlot !== null) return { NetworkMode: `container:${order.vpnSlot.containerId}` };
  return reach.network === null ? {} : { NetworkMode: reach.network };
}

function exposedPorts({ publishedPort, ports }: ContainerPlan) {
  return publishedPort === null ? {} : { ExposedPorts: { [`${ports.http}/tcp`]: {} } };
}

function portBindings({ publishedPort, ports, reach }: ContainerPlan) {
  if (publishedPort === null) return {};
  const binding = { HostIp: reach.bindAddress, HostPort: String(publishedPort) };
  return { PortBindings: { [`${ports.http}/tcp`]: [binding] } };
}
