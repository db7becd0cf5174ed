import fc from 'fast-check';
import { engineLabels, type EngineFacts } from '../containers/engine-labels';
import { DEFAULT_PORTS, type EnginePorts, type PortName } from '../containers/engine-ports';
import type { VpnSlot } from '../engine-runtime.port';
import type { ContainerInfo } from '../docker-client';
import { aListedContainer } from '../docker-client/docker-facts.spec-support';
import { type PortAssignment, PortAssigner } from './port-assigner';
import { PortAllocator } from '../containers/port-allocator';

const HERE = { kind: 'container', network: null, bindAddress: '', publishedHost: '' } as const;
const PUBLISHED = { ...HERE, kind: 'published' } as const;
const OWN_PORTS = { ...DEFAULT_PORTS, https: null };
const VPN_SLOT: VpnSlot = {
  vpn: 'gluetun',
  containerId: 'c1',
  containerStartedAt: 's',
  host: '172.20.0.5',
  ports: { from: 20_000, to: 20_009 },
  forwardedPort: null,
};

describe('PortAssigner', () => {
  let containers: ContainerInfo[];
  let filters: (readonly string[])[];

  beforeEach(() => {
    containers = [];
    filters = [];
  });

  function newAssigner(portNames: readonly PortName[] = ['http', 'api', 'p2p']): PortAssigner {
    const list = (labels: readonly string[]) => {
      filters.push(labels);
      return Promise.resolve(containers);
    };
    const sharedNetworkObjection = () => (portNames.includes('http') ? null : 'no {http_port}');
    const recipe = { ownPorts: OWN_PORTS, portNames, sharedNetworkObjection };
    const range = { from: 19_000, to: 19_002 };
    return new PortAssigner({ containers: { list } }, recipe, new PortAllocator(0), range);
  }

  function present(over: Partial<EngineFacts>): void {
    const facts = {
      instance: 'i',
      key: '0123456789ab',
      specHash: 's',
      version: '1',
      ports: OWN_PORTS,
    };
    const none = { publishedPort: null, forwardedPort: null, vpn: null };
    const Labels = engineLabels({ ...facts, ...none, ...over });
    containers.push(aListedContainer({ Labels }));
  }

  const behind = (vpnSlot: Partial<VpnSlot> = {}) => ({
    key: 'k',
    vpnSlot: { ...VPN_SLOT, ...vpnSlot },
  });
  const anywhere = { key: 'k', vpnSlot: null };

  it('needs no port where engines have their own addresses, and does not call Docker', async () => {
    const { ports, publishedPort } = await newAssigner().assign(anywhere, HERE);
    expect([ports, publishedPort, filters]).toEqual([OWN_PORTS, null, []]);
  });

  it('takes a port of the host that no engine of any installation has', async () => {
    present({ publishedPort: 19_000 });
    present({ publishedPort: 19_001, instance: 'other' });
    present({ ports: { ...OWN_PORTS, http: 19_002 }, vpn: VPN_SLOT });
    containers.push(aListedContainer({ Labels: { name: 'another installation' } }));
    const { ports, publishedPort } = await newAssigner().assign(anywhere, PUBLISHED);
    expect([ports, publishedPort]).toEqual([OWN_PORTS, 19_002]);
    expect(filters).toEqual([['dev.acefleet.managed=true']]);
  });

  it('avoids a port of another program and tries it again when no other is left', async () => {
    const assigner = newAssigner();
    const take = async (): Promise<PortAssignment> => assigner.assign(anywhere, PUBLISHED);
    const first = await take();
    first.avoidPublished();
    first.release();
    expect([(await take()).publishedPort, (await take()).publishedPort]).toEqual([19_001, 19_002]);
    expect((await take()).publishedPort).toBe(19_000);
    await expect(take()).rejects.toMatchObject({ code: 'no_place' });
  });

  it.each<[readonly PortName[], number | null, Partial<EnginePorts>]>([
    [['http', 'api', 'p2p'], null, { http: 20_000, https: null, api: 20_001, p2p: 20_002 }],
    [
      ['http', 'https', 'api', 'p2p'],
      null,
      { http: 20_000, https: 20_001, api: 20_002, p2p: 20_003 },
    ],
    [['http', 'api', 'p2p'], 45_000, { http: 20_000, https: null, api: 20_001, p2p: 45_000 }],
    [['http', 'api', 'p2p'], 20_000, { http: 20_001, api: 20_002, p2p: 20_000 }],
    [['http'], 45_000, { http: 20_000, https: null, api: null, p2p: null }],
  ])(
    'behind a VPN an engine that opens %j, forwarded %j, gets %j',
    async (names, forwardedPort, expected) => {
      const { ports, publishedPort } = await newAssigner(names).assign(
        behind({ forwardedPort }),
        PUBLISHED,
      );
      expect(ports).toMatchObject(expected);
      expect(publishedPort).toBeNull();
    },
  );

  it('skips only the ports of engines behind the same VPN', async () => {
    present({ vpn: VPN_SLOT, ports: { http: 20_000, https: null, api: 20_001, p2p: 20_003 } });
    present({ vpn: { ...VPN_SLOT, vpn: 'renamed' }, ports: { ...OWN_PORTS, http: 20_002 } });
    present({
      vpn: { ...VPN_SLOT, vpn: 'b', containerId: 'c2' },
      ports: { ...OWN_PORTS, http: 20_004 },
    });
    const { ports } = await newAssigner().assign(behind(), HERE);
    expect(ports).toEqual({ http: 20_004, https: null, api: 20_005, p2p: 20_006 });
  });

  it('fails when engines cannot share a network or no port is left', async () => {
    await expect(newAssigner([]).assign(behind(), HERE)).rejects.toMatchObject({
      code: 'runtime_refused',
      message: 'no {http_port}',
    });
    const narrow = behind({ ports: { from: 20_000, to: 20_001 } });
    await expect(newAssigner().assign(narrow, HERE)).rejects.toMatchObject({ code: 'no_place' });
  });

  it('never gives one port to two engines behind a VPN, in any order of requests', async () => {
    const step = fc.record({ leaves: fc.nat(3), forwards: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const assigner = newAssigner();
        let held: PortAssignment[] = [];
        for (const { leaves, forwards } of steps) {
          for (const gone of held.splice(0, leaves)) gone.release();
          const request = behind({ forwardedPort: forwards ? 45_000 : null });
          held = await assigner.assign(request, HERE).then(
            (assignment) => [...held, assignment],
            () => held,
          );
          const ports = held.flatMap((assignment) =>
            Object.values<number | null>({ ...assignment.ports }),
          );
          const taken = ports.filter((port) => port !== null && port !== 45_000);
          expect(new Set(taken).size).toBe(taken.length);
        }
      }),
    );
  });
});
