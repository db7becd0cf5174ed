import { loadConfig } from '../../../config';
import { engineRecipe } from '../containers/engine-recipe';
import { readEngineLabels } from '../containers/engine-labels';
import { type ServicePlan, serviceSpec } from './service-spec';

function plan(env: Record<string, string> = {}, over: Partial<ServicePlan> = {}): ServicePlan {
  return {
    name: 'acefleet-home-012345',
    key: '0123456789ab',
    instance: 'home',
    version: '1.0.0',
    recipe: engineRecipe(loadConfig(env), 'swarm'),
    source: engineRecipe(loadConfig(env), 'swarm').imageReference,
    network: null,
    publishedPort: null,
    memoryLimitBytes: 1024,
    cpuLimit: 0,
    constraints: [],
    ...over,
  };
}

describe('the service of an engine', () => {
  it('runs one task once, with the limits of an engine', () => {
    expect(serviceSpec(plan())).toMatchObject({
      Name: 'acefleet-home-012345',
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: { Mode: 'dnsrr' },
      TaskTemplate: {
        RestartPolicy: { Condition: 'none' },
        Resources: { Limits: { MemoryBytes: 1024, Pids: 1024 } },
        ContainerSpec: {
          Init: true,
          CapabilityDrop: ['ALL'],
          Privileges: { NoNewPrivileges: true },
          StopGracePeriod: 3_000_000_000,
          Healthcheck: { Test: ['NONE'] },
        },
      },
    });
  });

  it('has the same labels on the service and on the container', () => {
    const { Labels, TaskTemplate } = serviceSpec(plan({}, { publishedPort: 19_001 }));
    expect(readEngineLabels(Labels)).toMatchObject({ instance: 'home', publishedPort: 19_001 });
    expect(TaskTemplate).toMatchObject({ ContainerSpec: { Labels } });
  });

  it('passes the options to the entry point of the image', () => {
    const args = serviceSpec(plan({ ENGINE_ARGS: '--live-buffer 30' })).TaskTemplate;
    expect(args).toMatchObject({
      ContainerSpec: { Args: expect.arrayContaining(['--bind-all', '--live-buffer', '30']) },
    });
    const generic = serviceSpec(plan({ ENGINE_PROFILE: 'generic', ENGINE_IMAGE: 'lan/engine' }));
    expect(generic.TaskTemplate).not.toHaveProperty('ContainerSpec.Args');
  });

  it.each<[string, ServicePlan, string, unknown]>([
    ['no memory limit', plan({}, { memoryLimitBytes: 0 }), 'Resources.Limits', { Pids: 1024 }],
    ['a processor limit', plan({}, { cpuLimit: 0.5 }), 'Resources.Limits.NanoCPUs', 500_000_000],
    ['an environment', plan({ ENGINE_ENV: 'A=1' }), 'ContainerSpec.Env', ['A=1']],
    ['a network', plan({}, { network: 'engines' }), 'Networks', [{ Target: 'engines' }]],
    [
      'constraints',
      plan({}, { constraints: ['node.role==worker'] }),
      'Placement.Constraints',
      ['node.role==worker'],
    ],
    [
      'only nodes that the default image is built for',
      plan(),
      'Placement.Platforms',
      [{ Architecture: 'amd64', OS: 'linux' }],
    ],
    ["any node for the operator's image", plan({ ENGINE_IMAGE: 'a' }), 'Placement', {}],
  ])('has %s', (_, given, path, value) => {
    expect(serviceSpec(given).TaskTemplate).toHaveProperty(path, value);
  });

  it('opens its port on its own node only', () => {
    const port = { TargetPort: 6878, PublishedPort: 19_001, PublishMode: 'host', Protocol: 'tcp' };
    const { EndpointSpec } = serviceSpec(plan({}, { publishedPort: 19_001 }));
    expect(EndpointSpec).toEqual({ Mode: 'dnsrr', Ports: [port] });
  });
});
