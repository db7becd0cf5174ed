import fc from 'fast-check';
import type { EventLevel } from '../events';
import {
  afterProblem,
  afterRecovery,
  afterTime,
  type Decision,
  type Fact,
  FLAP_WINDOW_MS,
  type Incident,
  LAPSE_MS,
  MAX_PROBLEMS,
  mustBeKept,
  QUIET_MS,
  wakeAtMs,
} from './incidents';

const HOLD_MS = 10_000;
const MIN_MS = 60_000;

type Step =
  | { readonly bad: EventLevel; readonly lapses?: boolean }
  | { readonly good: true }
  | { readonly waitMs: number };

const bad = (level: EventLevel = 'error'): Step => ({ bad: level });
const good: Step = { good: true };
const wait = (waitMs: number): Step => ({ waitMs });

const fact = (level: EventLevel, text: string): Fact => ({
  ...{ type: 'vpn_state_changed', level, text, time: '2026-01-01T00:00:00Z', eventId: 1 },
  details: {},
});

/** Lets time pass as the tracker does: it decides at each time that the incident asks for. */
function run(steps: readonly Step[]): {
  readonly told: string[];
  readonly incident: Incident | null;
} {
  let incident: Incident | null = null;
  let nowMs = 1_000_000;
  const told: string[] = [];
  const take = (decision: Decision): void => {
    ({ incident } = decision);
    const { notice } = decision;
    if (notice !== null) told.push(`${notice.kind} ${notice.gravity}`);
  };
  const passTime = (untilMs: number): void => {
    for (let rounds = 0; incident !== null && wakeAtMs(incident) <= untilMs; rounds++) {
      if (rounds > 100) throw new Error('the incident asks for the same time again and again');
      nowMs = Math.max(nowMs, wakeAtMs(incident));
      take(afterTime(incident, nowMs));
    }
    nowMs = untilMs;
  };
  for (const step of steps) {
    if ('waitMs' in step) passTime(nowMs + step.waitMs);
    else if ('good' in step) take(afterRecovery(incident, fact('info', 'good'), nowMs));
    else {
      const options = { holdMs: HOLD_MS, lapses: step.lapses ?? false };
      take(afterProblem(incident, 'vpn:a', fact(step.bad, 'bad'), nowMs, options));
    }
  }
  return { told, incident };
}

const blip = [bad(), wait(1000), good, wait(1000)];
const outage = [bad(), wait(MIN_MS), good, wait(1000)];

describe('the notices of an incident', () => {
  it.each<[string, readonly Step[], readonly string[]]>([
    ['nothing during the hold', [bad(), wait(HOLD_MS - 1)], []],
    ['a problem after the hold', [bad(), wait(HOLD_MS)], ['problem error']],
    ['nothing if it recovers during the hold', [...blip, wait(MIN_MS)], []],
    ['a recovery with the level of the problem', outage, ['problem error', 'recovery error']],
    ['nothing for a recovery without a problem', [good, wait(MIN_MS)], []],
    ['one recovery only', [...outage, good], ['problem error', 'recovery error']],
    ['nothing for a repeat', [bad(), wait(MIN_MS), bad(), wait(MIN_MS), bad()], ['problem error']],
    [
      'a repeat that is worse',
      [bad('warning'), wait(MIN_MS), bad('error'), bad('error'), good],
      ['problem warning', 'problem error', 'recovery error'],
    ],
    [
      'the worst level of the hold',
      [bad('warning'), bad('error'), wait(HOLD_MS)],
      ['problem error'],
    ],
    [
      'the worst level, whatever comes later',
      [bad('error'), bad('warning'), wait(HOLD_MS), good],
      ['problem error', 'recovery error'],
    ],
    [
      'as many problems as the window allows, then that it flaps',
      [...outage, ...outage, ...outage, ...outage, ...outage],
      [...Array<string[]>(MAX_PROBLEMS).fill(['problem error', 'recovery error']).flat()].concat(
        'flapping error',
      ),
    ],
    [
      'that it flaps, also if no problem outlasts the hold',
      [...blip, ...blip, ...blip, ...blip],
      ['flapping error'],
    ],
    [
      'a recovery when it has been quiet',
      [...blip, ...blip, ...blip, ...blip, wait(QUIET_MS)],
      ['flapping error', 'recovery error'],
    ],
    [
      'nothing while it goes on flapping',
      [
        ...blip,
        ...blip,
        ...blip,
        ...blip,
        wait(QUIET_MS / 2),
        ...blip,
        wait(QUIET_MS / 2),
        ...blip,
      ],
      ['flapping error'],
    ],
    [
      'a problem if it stays bad after flapping, and its end',
      [...blip, ...blip, ...blip, bad(), wait(QUIET_MS), good],
      ['flapping error', 'problem error', 'recovery error'],
    ],
    [
      'every problem that comes rarely',
      Array.from({ length: 6 }, () => [...outage, wait(FLAP_WINDOW_MS)]).flat(),
      Array.from({ length: 6 }, () => ['problem error', 'recovery error']).flat(),
    ],
    [
      'the end of a problem that lasted for days',
      [bad(), wait(72 * 60 * MIN_MS), good],
      ['problem error', 'recovery error'],
    ],
    [
      'a lapsed problem again',
      [{ bad: 'error', lapses: true }, wait(LAPSE_MS), bad(), wait(MIN_MS)],
      ['problem error', 'problem error'],
    ],
  ])('are %s', (_, steps, expected) => {
    expect(run(steps).told).toEqual(expected);
  });

  it('says how long the problem lasted', () => {
    const nowMs = 5 * MIN_MS;
    const options = { holdMs: 0, lapses: false };
    const begun = afterProblem(null, 'vpn:a', fact('error', 'VPN a is down.'), 0, options);
    const { incident, notice } = afterTime(begun.incident as Incident, 0);
    expect(notice).toMatchObject({ text: 'VPN a is down.', level: 'error', durationMs: null });
    expect(afterRecovery(incident, fact('info', 'VPN a is up.'), nowMs).notice).toMatchObject({
      ...{ level: 'info', durationMs: nowMs, text: 'Recovered after 5 min. VPN a is up.' },
    });
  });

  it('is kept over a restart exactly while receivers wait for its end', () => {
    const kept = (steps: readonly Step[]): boolean => {
      const { incident } = run(steps);
      return incident !== null && mustBeKept(incident);
    };
    expect(kept([bad()])).toBe(false);
    expect(kept([bad(), wait(HOLD_MS)])).toBe(true);
    expect(kept(outage)).toBe(false);
    expect(kept([...blip, ...blip, ...blip, ...blip])).toBe(true);
    expect(kept([...blip, ...blip, ...blip, ...blip, wait(QUIET_MS)])).toBe(false);
  });

  it('leaves nothing behind, ends every problem, and never tells more than the window allows', () => {
    const step = fc.oneof(
      fc.constant(bad('warning')),
      fc.constant(bad('error')),
      fc.constant(good),
      fc.integer({ min: 0, max: 2 * FLAP_WINDOW_MS }).map(wait),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { told, incident } = run([...steps, good, wait(QUIET_MS + FLAP_WINDOW_MS)]);
        expect(incident).toBeNull();
        // Whatever was told of last, its end was told too.
        if (told.length > 0) expect(told.at(-1)).toMatch(/^recovery/);
        const burst = steps.filter((one) => !('waitMs' in one));
        const { told: atOnce } = run(burst.flatMap((one) => [one, wait(1)]));
        expect(atOnce.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
