import fc from 'fast-check';
import type { GluetunStatus } from './gluetun-answer';
import type { VpnContainerHealth, VpnContainerPhase } from './vpn-containers.port';
import {
  isServing,
  nextHealth,
  stableInMs,
  unknownHealth,
  type VpnHealth,
  type VpnObservation,
  type VpnState,
} from './vpn-health';

const STABLE_AFTER_MS = 120_000;

interface Given {
  readonly id?: string;
  readonly startedAt?: string;
  readonly phase?: VpnContainerPhase;
  readonly health?: VpnContainerHealth;
  readonly host?: string | null;
  readonly control?: GluetunStatus | null;
  readonly enginesConnected?: boolean;
}

/** A working VPN, with the given differences. */
function seen(given: Given = {}): VpnObservation {
  const { id = 'vpn', startedAt = 't1', phase = 'running', health = 'healthy' } = given;
  const { host = '172.18.0.2', control = null, enginesConnected = false } = given;
  const status = phase === 'stopped' ? 'exited' : phase;
  const container = { id, startedAt, phase, status, health };
  return { kind: 'observed', container, host, control, enginesConnected };
}

const unhealthy = seen({ health: 'unhealthy' });
const absent: VpnObservation = { kind: 'absent' };
const unseen = (control: GluetunStatus | null = null): VpnObservation => ({
  kind: 'unobserved',
  reason: 'Docker does not answer',
  control,
});

/** The health after each observation; observations are 5 s apart, the first at 0. */
function observe(
  observations: readonly VpnObservation[],
  stableAfterMs = STABLE_AFTER_MS,
): VpnHealth[] {
  const steps: VpnHealth[] = [];
  let health = unknownHealth(0);
  for (const [index, observation] of observations.entries()) {
    health = nextHealth(health, observation, stableAfterMs, index * 5000);
    steps.push(health);
  }
  return steps;
}

const statesAfter = (observations: readonly VpnObservation[], stableAfterMs?: number): VpnState[] =>
  observe(observations, stableAfterMs).map(({ state }) => state);

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('health of a VPN', () => {
  it.each<[string, VpnObservation[], VpnState[]]>([
    ['works at first sight', [seen()], ['up']],
    ['has no health check, but runs', [seen({ health: 'none' })], ['up']],
    ['runs, and says so', [seen({ control: 'running' })], ['up']],
    ['starts', [seen({ health: 'starting' }), seen()], ['unknown', 'up']],
    ['is not there', [absent], ['down']],
    ['was created only', [seen({ phase: 'stopped' })], ['down']],
    ['is frozen', [seen(), seen({ phase: 'paused' })], ['up', 'down']],
    ['stops', [seen(), seen({ phase: 'stopped' })], ['up', 'down']],
    ['goes', [seen(), absent], ['up', 'down']],
    ['hiccups', [seen(), unhealthy, seen(), unhealthy], ['up', 'up', 'up', 'up']],
    ['is unhealthy twice', [seen(), unhealthy, unhealthy], ['up', 'up', 'down']],
    ['was never healthy', [unhealthy, unhealthy], ['unknown', 'down']],
    ['is on no network', times(2, seen({ host: null })), ['unknown', 'down']],
    ['says that it is stopped', times(2, seen({ control: 'stopped' })), ['unknown', 'down']],
    [
      'says that it crashed',
      [seen(), ...times(2, seen({ control: 'crashed' }))],
      ['up', 'up', 'down'],
    ],
    [
      'restarts inside, quickly',
      [seen(), seen({ control: 'starting' }), seen()],
      ['up', 'up', 'up'],
    ],
    ['was restarted', [seen(), seen({ startedAt: 't2' })], ['up', 'down']],
    ['was made anew', [seen(), seen({ id: 'other' })], ['up', 'down']],
    ['comes back', [seen(), absent, seen(), seen()], ['up', 'down', 'recovering', 'recovering']],
    ['comes back as another', [absent, seen({ id: 'other' })], ['down', 'recovering']],
    [
      'starts after an outage',
      [absent, seen({ health: 'starting' }), seen()],
      ['down', 'down', 'recovering'],
    ],
    [
      'is restarted while it recovers',
      [absent, seen(), seen({ startedAt: 't2' })],
      ['down', 'recovering', 'down'],
    ],
  ])('a VPN that %s', (_, observations, states) => {
    expect(statesAfter(observations)).toEqual(states);
  });

  it.each<[VpnObservation[], string]>([
    [[seen()], 'its container is healthy'],
    [[seen({ health: 'none' })], 'its container is running, without a health check'],
    [[absent], 'no container has this name'],
    [[seen({ phase: 'stopped' })], 'its container is exited'],
    [[seen(), seen({ startedAt: 't2' })], 'its container was restarted'],
    [[seen({ health: 'starting' })], 'its container is not healthy yet'],
    [[seen({ host: null })], 'its container has no address on any network'],
    [[seen({ control: 'crashed' })], 'its control server says crashed'],
    [[unhealthy], 'its container is unhealthy'],
    [[unseen()], 'Docker does not answer'],
    [[seen(), unseen()], 'its container is healthy'],
  ])('after %j says why: %s', (observations, reason) => {
    expect(observe(observations).at(-1)!.reason).toBe(reason);
  });

  it('is down when it never becomes healthy, and recovers when it does', () => {
    const starting = seen({ health: 'starting' });
    const steps = observe([...times(26, starting), seen()]);
    expect(steps[23]!.state).toBe('unknown');
    expect(steps[24]).toMatchObject({
      state: 'down',
      reason: 'not healthy 120 s after the first check',
    });
    expect(steps[25]!.state).toBe('down');
    expect(steps[26]!.state).toBe('recovering');
  });

  it('is up again after it has worked for VPN_STABLE_AFTER, counted again from each failure', () => {
    const steps = observe([absent, seen(), unhealthy, ...times(26, seen())]);
    expect(steps[26]!.state).toBe('recovering');
    expect(steps.map(({ state }) => state).lastIndexOf('recovering')).toBe(26);
    expect(steps[27]!.state).toBe('up');
    expect(steps[3]!.goodSinceMs).toBe(15_000);
  });

  it('is up at once when VPN_STABLE_AFTER is 0', () => {
    expect(statesAfter([absent, seen()], 0)).toEqual(['down', 'up']);
  });

  it('tells how long until it counts as stable', () => {
    const [down, back, later] = observe([absent, seen(), seen()]);
    expect(stableInMs(down!, STABLE_AFTER_MS, 0)).toBeNull();
    expect(stableInMs(back!, STABLE_AFTER_MS, 5000)).toBe(120_000);
    expect(stableInMs(later!, STABLE_AFTER_MS, 10_000)).toBe(115_000);
    expect(stableInMs(later!, STABLE_AFTER_MS, 900_000)).toBe(0);
    expect(stableInMs(observe([seen()])[0]!, STABLE_AFTER_MS, 0)).toBe(0);
  });

  describe('a second opinion', () => {
    const disputed = seen({ health: 'unhealthy', enginesConnected: true });

    it('keeps a VPN whose engines reach the network, for a minute at most', () => {
      const steps = observe([seen(), ...times(14, disputed)]);
      expect(steps[12]).toMatchObject({
        state: 'up',
        reason: 'its container is unhealthy, but engines behind it reach the network',
      });
      expect(steps[13]).toMatchObject({ state: 'down', reason: 'its container is unhealthy' });
    });

    it('does not count when the engines have lost the network, too', () => {
      expect(statesAfter([seen(), disputed, disputed, unhealthy])).toEqual([
        'up',
        'up',
        'up',
        'down',
      ]);
    });

    it('does not count when the VPN itself reports that it is stopped, or its container is gone', () => {
      const stopped = seen({ control: 'stopped', enginesConnected: true });
      expect(statesAfter([seen(), stopped, stopped])).toEqual(['up', 'up', 'down']);
      const ended = seen({ phase: 'stopped', enginesConnected: true });
      expect(statesAfter([seen(), ended])).toEqual(['up', 'down']);
    });
  });

  describe('while Docker does not answer', () => {
    it('stays as it was', () => {
      expect(statesAfter([seen(), ...times(50, unseen())]).at(-1)).toBe('up');
      expect(statesAfter([absent, ...times(50, unseen('running'))]).at(-1)).toBe('down');
      expect(statesAfter(times(50, unseen())).at(-1)).toBe('unknown');
    });

    it('is down when the VPN itself reports that it is stopped', () => {
      expect(statesAfter([seen(), unseen('stopped'), unseen('stopped')])).toEqual([
        'up',
        'up',
        'down',
      ]);
    });

    it('remembers the start of the container', () => {
      const restarted = seen({ startedAt: 't2' });
      expect(statesAfter([seen(), unseen(), restarted])).toEqual(['up', 'up', 'down']);
    });
  });

  describe('for any observations', () => {
    const observation = fc.oneof(
      fc.constant(absent),
      fc.constantFrom<GluetunStatus | null>(null, 'running', 'stopped').map(unseen),
      fc
        .record({
          startedAt: fc.constantFrom('t1', 't2'),
          phase: fc.constantFrom<VpnContainerPhase>('running', 'running', 'paused', 'stopped'),
          health: fc.constantFrom<VpnContainerHealth>('none', 'starting', 'healthy', 'unhealthy'),
          host: fc.constantFrom('172.18.0.2', null),
          control: fc.constantFrom<GluetunStatus | null>(null, 'running', 'crashed'),
          enginesConnected: fc.boolean(),
        })
        .map(seen),
    );
    const history = fc.array(observation, { minLength: 1, maxLength: 60 });

    it('no VPN serves whose container does not run or was restarted', () => {
      fc.assert(
        fc.property(history, (observations) => {
          const steps = observe(observations);
          for (const [index, last] of observations.entries()) {
            const { state, container } = steps[index]!;
            if (last.kind === 'absent') expect(state).toBe('down');
            if (last.kind !== 'observed') continue;
            if (last.container.phase !== 'running') expect(state).toBe('down');
            const before = steps[index - 1];
            const wasServing = before !== undefined && isServing(before.state);
            if (wasServing && before.container?.startedAt !== container!.startedAt) {
              expect(state).toBe('down');
            }
          }
        }),
      );
    });

    it('after an outage it is stable only after VPN_STABLE_AFTER without a bad observation', () => {
      fc.assert(
        fc.property(history, fc.integer({ min: 1, max: 40_000 }), (observations, stableAfterMs) => {
          const steps = observe(observations, stableAfterMs);
          for (const [index, step] of steps.entries()) {
            if (step.state !== 'up' || steps[index - 1]?.state !== 'recovering') continue;
            const watched = steps.filter(
              (_, at) => (index - at) * 5000 < stableAfterMs && at <= index,
            );
            expect(watched.every(({ bad }) => bad === null)).toBe(true);
            expect(watched.every(({ state }) => isServing(state))).toBe(true);
          }
        }),
      );
    });

    it('unknown is followed by up or down only, and down by recovering or up', () => {
      const allowed: Record<VpnState, VpnState[]> = {
        unknown: ['unknown', 'up', 'down'],
        up: ['up', 'down'],
        down: ['down', 'recovering'],
        recovering: ['recovering', 'up', 'down'],
      };
      fc.assert(
        fc.property(history, (observations) => {
          let before: VpnState = 'unknown';
          for (const { state } of observe(observations)) {
            expect(allowed[before]).toContain(state);
            before = state;
          }
        }),
      );
    });
  });
});
