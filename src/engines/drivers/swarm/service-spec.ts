import { engineLabels } from '../containers/engine-labels';
import {
  type EngineRecipe,
  LOGGING,
  nanoCpus,
  PIDS_LIMIT,
  STOP_GRACE_S,
} from '../containers/engine-recipe';
import type { ContainerLaunch } from '../containers/image-profiles';
import type { SwarmServiceSpec } from '../docker-client';

/** Everything that determines the specification of a service. */
export interface ServicePlan {
  readonly name: string;
  readonly key: string;
  /** The installation to which it belongs. */
  readonly instance: string;
  /** Version of acefleet. */
  readonly version: string;
  readonly recipe: Pick<EngineRecipe, 'specHash' | 'launch' | 'ownPorts' | 'architectures'>;
  /** Reference of the image, with a digest if it is known. */
  readonly source: string;
  /** The network that it joins; null: the default network of its node. */
  readonly network: string | null;
  /** Port of its node that leads to its HTTP port; null: none is published. */
  readonly publishedPort: number | null;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
  /** Processors; 0: without limit. */
  readonly cpuLimit: number;
  readonly constraints: readonly string[];
}

const NS_PER_S = 1_000_000_000;

/** A service that runs one engine once. Capabilities and the limit on pids need Docker 20.10 (API 1.41). */
export function serviceSpec(plan: ServicePlan): SwarmServiceSpec {
  const launch = plan.recipe.launch(plan.recipe.ownPorts);
  const labels = { ...labelsOf(plan), ...launch.labels };
  return {
    Name: plan.name,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: containerSpec(plan, launch, labels),
      Resources: { Limits: limits(plan) },
      // Otherwise the Swarm would restart engines that acefleet no longer wants.
      RestartPolicy: { Condition: 'none', MaxAttempts: 0 },
      Placement: placement(plan),
      LogDriver: { Name: LOGGING.driver, Options: LOGGING.options },
      ...(plan.network === null ? {} : { Networks: [{ Target: plan.network }] }),
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: endpointSpec(plan),
  };
}

function labelsOf({ instance, key, recipe, publishedPort, version }: ServicePlan) {
  const { specHash, ownPorts: ports } = recipe;
  const rest = { publishedPort, forwardedPort: null, vpn: null };
  return engineLabels({ instance, key, specHash, ports, ...rest, version });
}

function containerSpec(
  plan: ServicePlan,
  { command, env }: ContainerLaunch,
  labels: Record<string, string>,
) {
  return {
    Image: plan.source,
    // Events of a node carry only the labels of the container.
    Labels: labels,
    // `Command` would replace the entry point of the image.
    ...(command === null ? {} : { Args: [...command] }),
    Env: [...env],
    // As process 1 the engine would ignore SIGTERM. An init forwards it and reaps dead children.
    Init: true,
    StopGracePeriod: STOP_GRACE_S * NS_PER_S,
    // acefleet probes engines itself, and with the image's health check a task would count as starting until that
    // check succeeds.
    Healthcheck: { Test: ['NONE'] },
    CapabilityDrop: ['ALL'],
    // Docker applies this from API 1.44 on; older versions ignore it.
    Privileges: { NoNewPrivileges: true },
  };
}

function limits({ memoryLimitBytes, cpuLimit }: ServicePlan) {
  const memory = memoryLimitBytes === 0 ? {} : { MemoryBytes: memoryLimitBytes };
  const processors = cpuLimit === 0 ? {} : { NanoCPUs: nanoCpus(cpuLimit) };
  return { ...memory, ...processors, Pids: PIDS_LIMIT };
}

/** The nodes of a Swarm may have different architectures, of which only some can run the image. */
function placement({ constraints, recipe }: ServicePlan) {
  const platforms = recipe.architectures.map((architecture) => ({
    Architecture: architecture,
    OS: 'linux',
  }));
  return {
    ...(constraints.length === 0 ? {} : { Constraints: [...constraints] }),
    ...(platforms.length === 0 ? {} : { Platforms: platforms }),
  };
}

/**
 * `host` opens the port on the engine's node only. The alternative opens it on every node and balances connections over
 * the tasks of a service, of which there is only one. With `dnsrr` a service has no virtual address: engines are reached
 * at the addresses of their tasks.
 */
function endpointSpec({ publishedPort, recipe }: ServicePlan) {
  if (publishedPort === null) return { Mode: 'dnsrr' };
  const port = {
    Protocol: 'tcp',
    TargetPort: recipe.ownPorts.http,
    PublishedPort: publishedPort,
    PublishMode: 'host',
  };
  return { Mode: 'dnsrr', Ports: [port] };
}
