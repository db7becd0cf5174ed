import { engineLabels, LABEL_PREFIX } from '../containers/engine-labels';
import {
  type EngineRecipe,
  LOGGING,
  nanoCpus,
  PIDS_LIMIT,
  STOP_GRACE_S,
} from '../containers/engine-recipe';
import type { EnginePorts } from '../containers/engine-ports';
import type { ProvisioningRequest } from '../engine-runtime.port';
import type { ContainerCreateOptions } from '../docker-client';
import type { EngineReach } from './engine-reach';

/** Everything that determines the options of a container. */
export interface ContainerPlan {
  readonly request: ProvisioningRequest;
  /** The installation to which it belongs. */
  readonly instance: string;
  /** Version of acefleet. */
  readonly version: string;
  readonly recipe: Pick<EngineRecipe, 'specHash' | 'launch'>;
  /** Reference or id of the image. */
  readonly image: string;
  readonly reach: EngineReach;
  /** Ports inside the engine's network. */
  readonly ports: EnginePorts;
  /** Port of the Docker host that leads to its HTTP port; null: none is published. */
  readonly publishedPort: number | null;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
  /** Processors; 0: without limit. */
  readonly cpuLimit: number;
}

/** Label with the address of the engine's VPN, from which acefleet adopts the engine after a restart. */
export const VPN_HOST_LABEL = `${LABEL_PREFIX}vpn-host`;

/** The options of the container that Docker is asked to create. */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const { command, env, labels } = plan.recipe.launch(plan.ports);
  return {
    Image: plan.image,
    ...(command === null ? {} : { Cmd: [...command] }),
    Env: [...env],
    Labels: { ...labelsOf(plan), ...labels },
    StopTimeout: STOP_GRACE_S,
    // acefleet probes engines itself, and the image's health check would start a process in each container twice a
    // minute.
    Healthcheck: { Test: ['NONE'] },
    ...exposedPorts(plan),
    HostConfig: {
      ...memoryLimit(plan.memoryLimitBytes),
      ...(plan.cpuLimit === 0 ? {} : { NanoCpus: nanoCpus(plan.cpuLimit) }),
      PidsLimit: PIDS_LIMIT,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      // As process 1 the engine would ignore SIGTERM. An init forwards it and reaps dead children.
      Init: true,
      // Otherwise Docker would restart engines that acefleet no longer wants.
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: LOGGING.driver, Config: LOGGING.options },
      ...networkMode(plan),
      ...portBindings(plan),
    },
  };
}

function labelsOf({ request, instance, version, recipe, ports, publishedPort }: ContainerPlan) {
  const { key, vpnSlot } = request;
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

function networkMode({ request, reach }: ContainerPlan) {
  if (request.vpnSlot !== null) return { NetworkMode: `container:${request.vpnSlot.containerId}` };
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
