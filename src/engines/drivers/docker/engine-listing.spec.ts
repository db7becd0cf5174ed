import fc from 'fast-check';
import { engineLabels } from '../containers/engine-labels';
import { RuntimeError } from '../engine-runtime.port';
import type { ContainerInfo, ContainerInspectInfo } from '../docker-client';
import {
  aListedContainer,
  anInspectedContainer,
  containerNetworks,
} from '../docker-client/docker-facts.spec-support';
import { EngineListing, isSameStatus, parseStatus } from './engine-listing';

const REACH = { kind: 'container', network: null, bindAddress: '', publishedHost: '' } as const;

const LABELS = engineLabels({
  ...{ instance: 'i', key: '0123456789ab', specHash: 's', version: '1' },
  ports: { http: 6878, https: null, api: null, p2p: null },
  ...{ publishedPort: null, forwardedPort: null, vpn: null },
});

/** Containers as the list and as inspections show them, and a record of the inspections. */
class ScriptedContainers {
  readonly inspected: string[] = [];
  readonly words = new Map<string, string>();
  startedAt = 'first';
  address = '172.17.0.2';
  /** Called during an inspection. */
  onFind: (id: string) => void = () => undefined;
  mostAtATime = 0;
  private atATime = 0;

  readonly list = (): Promise<ContainerInfo[]> =>
    Promise.resolve(
      [...this.words].map(([Id, Status]) => {
        const State = Status.startsWith('Up') ? 'running' : 'exited';
        return aListedContainer({
          ...{ Id, Status, State, Names: [`/${Id}`], Labels: LABELS },
          NetworkSettings: this.network,
        });
      }),
    );

  readonly find = async (id: string): Promise<ContainerInspectInfo | null> => {
    this.inspected.push(id);
    this.atATime += 1;
    this.mostAtATime = Math.max(this.mostAtATime, this.atATime);
    await new Promise(setImmediate);
    this.atATime -= 1;
    this.onFind(id);
    if (!this.words.has(id)) return null;
    return anInspectedContainer({
      ...{ Id: id, Name: `/${id}`, State: { StartedAt: this.startedAt } },
      Config: { Labels: LABELS },
      NetworkSettings: this.network,
    });
  };

  private get network() {
    return { Networks: containerNetworks({ bridge: { IPAddress: this.address } }) };
  }
}

describe('EngineListing', () => {
  let containers: ScriptedContainers;
  let areEventsHeard: boolean;
  let listing: EngineListing;

  beforeEach(() => {
    containers = new ScriptedContainers();
    areEventsHeard = true;
    listing = new EngineListing({ containers }, 'i', () => areEventsHeard);
    containers.words.set('a', 'Up 1 second').set('b', 'Up 1 second');
  });

  /** The names of the containers that one listing inspected. */
  async function list(): Promise<string> {
    containers.inspected.length = 0;
    await listing.list(REACH);
    return containers.inspected.join('');
  }

  it('inspects new containers, and unchanged ones only once', async () => {
    expect(await list()).toBe('ab');
    containers.words.set('a', 'Up 2 minutes').set('b', 'Up 2 minutes').set('c', 'Up 1 second');
    expect(await list()).toBe('c');
    expect((await listing.list(REACH)).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, () => void]>([
    ['an event arrived', () => listing.forget('a')],
    ['it ended', () => containers.words.set('a', 'Exited (1) 1 second ago')],
    ['it was frozen', () => containers.words.set('a', 'Up 3 seconds (Paused)')],
    ['it is younger than before', () => containers.words.set('a', 'Up Less than a second')],
  ])('inspects a container again when %s', async (_, happen) => {
    await list();
    happen();
    containers.startedAt = 'second';
    expect(await list()).toBe('a');
    const engines = await listing.list(REACH);
    expect(engines.map(({ incarnation }) => incarnation)).toEqual(['second', 'first']);
  });

  it('inspects all containers again when addresses changed, after a gap, and while there are no events', async () => {
    await list();
    containers.address = '172.17.0.3';
    expect(await list()).toBe('ab');
    listing.forgetAll();
    expect(await list()).toBe('ab');
    expect(await list()).toBe('');
    areEventsHeard = false;
    expect(await list()).toBe('ab');
  });

  it('compares with the last listing, not with the first', async () => {
    await list();
    containers.words.set('a', 'Up 5 hours');
    expect(await list()).toBe('');
    containers.words.set('a', 'Up 3 seconds');
    expect(await list()).toBe('a');
  });

  it('discards an inspection during which an event arrived', async () => {
    containers.onFind = (id) => listing.forget(id);
    await list();
    containers.onFind = () => undefined;
    expect(await list()).toBe('ab');
    expect(listing.knows('a')).toBe(true);
  });

  it('forgets removed containers and omits one that was removed during the listing', async () => {
    await list();
    containers.words.delete('a');
    containers.words.set('c', 'Up 1 second');
    containers.onFind = (id) => containers.words.delete(id);
    expect((await listing.list(REACH)).map(({ id }) => id)).toEqual(['b']);
    expect([listing.knows('a'), listing.knows('b')]).toEqual([false, true]);
  });

  describe('when Docker fails to inspect one of them', () => {
    const refusal = new RuntimeError('runtime_refused', 'RWLayer is unexpectedly nil');

    function refuse(id: string, error: RuntimeError = refusal): void {
      containers.onFind = (found) => {
        if (found === id) throw error;
      };
    }

    it.each([
      ['Exited (137) 2 seconds ago', 'ended'],
      ['Up 2 seconds', 'running'],
    ])('shows the list entry, without an address: %s', async (status, phase) => {
      containers.words.set('a', status);
      refuse('a');
      const seen = await listing.list(REACH);
      expect(seen.map(({ id }) => id)).toEqual(['a', 'b']);
      expect(seen[0]).toMatchObject({ phase, endpoint: null, key: '0123456789ab' });
      expect(seen[0]!.phaseDetail).toContain('fails to inspect');
      expect(listing.knows('a')).toBe(true);
      // The container is inspected again at each listing, until Docker can do it.
      refuse('nobody');
      expect(await list()).toBe('a');
    });

    it('keeps the earlier inspection of an unchanged container', async () => {
      const [before] = await listing.list(REACH);
      areEventsHeard = false;
      refuse('a');
      expect((await listing.list(REACH))[0]).toBe(before);
    });

    it('fails when Docker does not answer', async () => {
      refuse('a', new RuntimeError('docker_unavailable', 'gone'));
      await expect(listing.list(REACH)).rejects.toMatchObject({ code: 'docker_unavailable' });
    });
  });

  it('leaves connections for other calls', async () => {
    for (let count = 0; count < 20; count += 1) containers.words.set(`x${count}`, 'Up 1 second');
    await list();
    expect(containers.inspected).toHaveLength(22);
    expect(containers.mostAtATime).toBe(4);
  });
});

/** Docker's text for the age of an event `seconds` ago. */
function dockerAge(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.round(seconds / 3600)];
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 86_400 / 365)} years`;
}

describe('parseStatus', () => {
  it.each<[string, string, number | null]>([
    ['Up 3 seconds', 'Up', 3],
    ['Up Less than a second', 'Up', 0],
    ['Up About a minute', 'Up', 60],
    ['Up About an hour (Paused)', 'Up (Paused)', 3600],
    ['Up 2 weeks (unhealthy)', 'Up (unhealthy)', 1_209_600],
    ['Exited (137) 5 hours ago', 'Exited (137) ago', 18_000],
    ['Created', 'Created', null],
    ['Removal In Progress', 'Removal In Progress', null],
    ['', '', null],
  ])('%s', (text, words, ageS) => {
    expect(parseStatus(text)).toEqual({ words, ageS });
  });
});

describe('isSameStatus', () => {
  it.each<[string, string, boolean]>([
    ['Up 3 seconds', 'Up 5 seconds', true],
    ['Up 59 seconds', 'Up About a minute', true],
    ['Up 5 hours', 'Up 3 seconds', false],
    ['Up 5 hours', 'Up 5 hours (Paused)', false],
    ['Up 5 hours', 'Exited (1) 5 hours ago', false],
    ['Created', 'Created', true],
    ['Created', 'Up 1 second', false],
  ])('%s, then %s: %s', (before, now, expected) => {
    expect(isSameStatus(parseStatus(before), parseStatus(now))).toBe(expected);
  });

  it('is true for a status that only gets older', () => {
    const age = fc.integer({ min: 0, max: 3 * 365 * 86_400 });
    fc.assert(
      fc.property(age, age, (one, other) => {
        const [young, old] = [Math.min(one, other), Math.max(one, other)];
        const status = (seconds: number) => parseStatus(`Up ${dockerAge(seconds)}`);
        expect(isSameStatus(status(young), status(old))).toBe(true);
      }),
    );
  });
});
