import { engineLabels } from '../containers/engine-labels';
import { LOGGING, PIDS_LIMIT, STOP_GRACE_S } from '../containers/engine-limits';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { SwarmServiceSpec } from '../docker-client';

/** Everything that one service depends on. */
export interface ServicePlan {
  readonly name: string;
  readonly key: string;
  /** Which product it belongs to. */
  readonly instance: string;
  /** Of the product. */
  readonly version: string;
  readonly recipe: Pick<
    EngineRecipe,
    'imageReference' | 'specHash' | 'launch' | 'ownPorts' | 'architectures'
  >;
  /** The network that it joins; null: each node's own default one. */
  readonly network: string | null;
  /** Port of its node that leads to its HTTP port; null: none does. */
  readonly publishedPort: number | null;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
  readonly constraints: readonly string[];
}

const NS_PER_S = 1_000_000_000;

/** What a Swarm is asked for: one engine, run once. Capabilities and pids limit need Docker 20.10 (API 1.41). */
export function serviceSpec(plan: ServicePlan): SwarmServiceSpec {
  return {
    Name: plan.name,
    Labels: labelsOf(plan),
    TaskTemplate: {
      ContainerSpec: containerSpec(plan),
      Resources: { Limits: limits(plan.memoryLimitBytes) },
      // Whoever restarts engines besides us would bring back what we have given up.
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
  const place = { publishedPort, forwardedPort: null, vpn: null };
  return engineLabels({ instance, key, specHash, ports, ...place, version });
}

function containerSpec(plan: ServicePlan) {
  const { command, env } = plan.recipe.launch(plan.recipe.ownPorts);
  return {
    Image: plan.recipe.imageReference,
    // Only the container's own labels are told with the events of its node.
    Labels: labelsOf(plan),
    // `Command` would replace the image's entry point.
    ...(command === null ? {} : { Args: [...command] }),
    Env: [...env],
    // As process 1 the engine would ignore SIGTERM; an init passes it on and collects dead children.
    Init: true,
    StopGracePeriod: STOP_GRACE_S * NS_PER_S,
    // Engines are probed by us; with a check of the image's own a task counts as starting until that is content.
    Healthcheck: { Test: ['NONE'] },
    CapabilityDrop: ['ALL'],
    // Known to newer versions of Docker (API 1.44); older ones pass over it.
    Privileges: { NoNewPrivileges: true },
  };
}

function limits(memoryLimitBytes: number) {
  const memory = memoryLimitBytes === 0 ? {} : { MemoryBytes: memoryLimitBytes };
  return { ...memory, Pids: PIDS_LIMIT };
}

/** A Swarm may have nodes of several architectures; only some can run the image. */
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
 * `host`: the port is opened on the engine's node alone. Swarm's other way opens it on every node and spreads the
 * connections over a service's tasks, of which there is only one. Names of services lead nowhere (`dnsrr`
 * without a virtual address): engines are reached by the addresses of their tasks.
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
