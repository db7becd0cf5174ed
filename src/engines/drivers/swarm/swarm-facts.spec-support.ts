import { engineLabels } from '../containers/engine-labels';
import type { SwarmNode, SwarmService, SwarmTask } from '../docker-client';

export const INSTANCE = 'home';

export type TaskStatus = Partial<SwarmTask['Status']>;

/** A task as a Swarm reports it. */
export function task(status: TaskStatus = {}, over: Partial<SwarmTask> = {}): SwarmTask {
  return {
    ID: 'task-1',
    ServiceID: 'service-1',
    CreatedAt: '2026-01-01T00:00:00.5Z',
    UpdatedAt: '2026-01-01T00:00:01Z',
    NodeID: 'node-1',
    DesiredState: 'running',
    Status: { Timestamp: '2026-01-01T00:00:01Z', State: 'running', Message: 'started', ...status },
    ...over,
  };
}

/** A service of this installation as a Swarm reports it. */
export function service(
  publishedPort: number | null,
  over: Partial<SwarmService> = {},
): SwarmService {
  const labels = engineLabels({
    instance: INSTANCE,
    key: '0123456789ab',
    specHash: 'f'.repeat(16),
    ports: { http: 6878, https: null, api: 62_062, p2p: 8621 },
    publishedPort,
    forwardedPort: null,
    vpn: null,
    version: '1.0.0',
  });
  return {
    ID: 'service-1',
    Version: { Index: 7 },
    CreatedAt: '2026-01-01T00:00:00Z',
    UpdatedAt: '2026-01-01T00:00:00Z',
    Spec: {
      Name: 'acefleet-home-012345',
      Labels: labels,
      TaskTemplate: { ContainerSpec: { Image: 'engine:1' } },
      EndpointSpec:
        publishedPort === null
          ? { Mode: 'dnsrr' }
          : { Mode: 'dnsrr', Ports: [publishedAt(publishedPort)] },
    },
    ...over,
  };
}

export function node(ID: string, Addr: string): SwarmNode {
  return {
    ID,
    Spec: { Role: 'worker', Availability: 'active' },
    Status: { State: 'ready', Addr },
  };
}

function publishedAt(PublishedPort: number) {
  return { Protocol: 'tcp', TargetPort: 6878, PublishedPort, PublishMode: 'host' };
}
