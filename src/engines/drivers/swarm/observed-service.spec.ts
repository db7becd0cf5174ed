import type { SwarmTask } from '../docker-client';
import { nodeHosts, toObservedEngine } from './observed-service';
import { INSTANCE, node, service, task, type TaskStatus } from './swarm-facts.spec-support';

const HOSTS = nodeHosts([node('node-1', '192.168.1.10'), node('node-2', '192.168.1.11')], null);

function attachment(name: string, ...Addresses: string[]) {
  return { Network: { ID: name, Spec: { Name: name } }, Addresses };
}

const PUBLISHED: TaskStatus = {
  PortStatus: { Ports: [{ TargetPort: 6878, PublishedPort: 19_001, Protocol: 'tcp' }] },
};

describe('an engine in a Swarm', () => {
  it('is described by its service and its newest task', () => {
    const old = task({ State: 'failed' }, { ID: 'task-0', CreatedAt: '2025-12-31T00:00:00Z' });
    const tasks = [task(PUBLISHED), old];
    expect(toObservedEngine(service(19_001), tasks, INSTANCE, HOSTS)).toMatchObject({
      id: 'service-1',
      key: '0123456789ab',
      name: 'acefleet-home-012345',
      phase: 'running',
      image: 'engine:1',
      specHash: 'f'.repeat(16),
      createdAt: new Date('2026-01-01T00:00:00Z'),
      incarnation: 'task-1',
      endpoint: { host: '192.168.1.10', port: 19_001 },
      apiPort: null,
      vpn: null,
      forwardedPort: null,
    });
  });

  it.each<[string, number | null, SwarmTask, object | null]>([
    ['at its node', 19_001, task(PUBLISHED), { host: '192.168.1.10', port: 19_001 }],
    [
      'at another node',
      19_001,
      task(PUBLISHED, { NodeID: 'node-2' }),
      { host: '192.168.1.11', port: 19_001 },
    ],
    ['nowhere on an unknown node', 19_001, task(PUBLISHED, { NodeID: 'node-9' }), null],
    ['nowhere before the port is open', 19_001, task(), null],
    ['nowhere before it runs', 19_001, task({ ...PUBLISHED, State: 'starting' }), null],
    [
      'at its own address',
      null,
      task({}, { NetworksAttachments: [attachment('engines', '10.0.1.5/24')] }),
      { host: '10.0.1.5', port: 6878 },
    ],
    [
      'at its own IPv6 address',
      null,
      task({}, { NetworksAttachments: [attachment('engines', 'fd00::5/64')] }),
      { host: 'fd00::5', port: 6878 },
    ],
    [
      'never at an address in the ingress network',
      null,
      task({}, { NetworksAttachments: [attachment('ingress', '10.0.0.5/24'), attachment('b')] }),
      null,
    ],
    ['nowhere without any address', null, task({}, { NetworksAttachments: undefined }), null],
    [
      'nowhere after its end',
      null,
      task({ State: 'failed' }, { NetworksAttachments: [attachment('engines', '10.0.1.5/24')] }),
      null,
    ],
  ])('is reached %s', (_, publishedPort, only, endpoint) => {
    const engine = toObservedEngine(service(publishedPort), [only], INSTANCE, HOSTS);
    expect(engine?.endpoint).toEqual(endpoint);
  });

  it('is null for services of other programs and installations', () => {
    expect(toObservedEngine(service(null), [task()], 'house', HOSTS)).toBeNull();
    const foreign = { ...service(null), Spec: { Name: 'web' } };
    expect(toObservedEngine(foreign, [task()], INSTANCE, HOSTS)).toBeNull();
  });
});

describe('the hosts of published ports', () => {
  it("are the addresses of the nodes, and this machine's for the local node", () => {
    const nodes = [node('node-1', '192.168.1.10'), node('node-2', '127.0.0.1'), node('node-3', '')];
    expect([...nodeHosts(nodes, { nodeId: 'node-2', host: '172.17.0.1' })]).toEqual([
      ['node-1', '192.168.1.10'],
      ['node-2', '172.17.0.1'],
    ]);
  });
});
