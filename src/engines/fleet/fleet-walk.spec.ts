import fc from 'fast-check';
import { planFleet } from './fleet-plan';
import { LIMITS } from './fleet-snapshot.spec-support';
import { classifyEngines, type EngineDisposition } from './engine-disposition';
import type { FleetAction, FleetLimits } from './fleet.types';
import { decideScale } from './scaling-decision';
import { DISTURBANCES, SimulatedFleet } from './simulated-fleet.spec-support';

const WALKS = 10_000;
/** Longer than every time on which a decision depends. */
const QUIET_STEPS = 8;
const MOST_STEPS = 120;

/** Disturbance, engine, and the number of steps after it: several disturbances may happen within one step. */
const disturbances = fc.array(
  fc.tuple(fc.constantFrom(...DISTURBANCES), fc.nat(40), fc.constantFrom(0, 1, 1, 2)),
  { minLength: 5, maxLength: 30 },
);
const limits = fc.record({
  minReplicas: fc.nat(3),
  minFreeReplicas: fc.nat(2),
  maxReplicas: fc.integer({ min: 1, max: 6 }),
  maxStreamsPerEngine: fc.integer({ min: 1, max: 3 }),
  parallelStarts: fc.integer({ min: 1, max: 3 }),
  gracePeriodMs: fc.constantFrom(0, 60_000),
  startTimeoutMs: fc.constantFrom(30_000, 90_000),
  replacementCooldownMs: fc.constantFrom(0, 60_000),
  maxStarts: fc.constantFrom(0, 2, 5),
  // A fleet with ENGINE_MAX_AGE never settles, so only the rules are checked for it.
  maxAgeMs: fc.constantFrom(0, 0, 0, 600_000),
});

function pass(fleet: SimulatedFleet): FleetAction[] {
  const snapshot = fleet.snapshot();
  const scale = decideScale(snapshot);
  const actions = planFleet(snapshot, scale);
  fleet.act(snapshot, actions, scale.wanted);
  return actions;
}

describe('a random life of a fleet', () => {
  it('breaks no rule, and settles when nothing disturbs it any more', () => {
    fc.assert(
      fc.property(disturbances, limits, fc.boolean(), (walk, over, endsStreams) => {
        const all = { ...LIMITS, ...over };
        const fleet = new SimulatedFleet(all);
        for (const [what, n, steps] of walk) {
          fleet.disturb(what, n);
          if (steps === 0) pass(fleet);
          for (let step = 0; step < steps; step += 1) {
            fleet.step();
            pass(fleet);
          }
        }
        if (all.maxAgeMs > 0) return;

        fleet.calmDown(endsStreams);
        const before = fleet.acted;
        let quiet = 0;
        for (let steps = 0; quiet < QUIET_STEPS; steps += 1) {
          if (steps === MOST_STEPS) throw new Error('it does not settle');
          fleet.step();
          quiet = pass(fleet).length === 0 && !fleet.isAtWork ? quiet + 1 : 0;
        }
        expect(fleet.acted - before).toBeLessThanOrEqual(5 * all.maxReplicas);
        expectSettled(fleet, all);
      }),
      { numRuns: WALKS },
    );
  }, 60_000);
});

function expectSettled(fleet: SimulatedFleet, { maxReplicas }: FleetLimits): void {
  const snapshot = fleet.snapshot();
  const fleetNow = classifyEngines(snapshot);
  const { wanted } = decideScale(snapshot);
  const count = (...standings: EngineDisposition[]): number => fleetNow.of(...standings).length;
  expect(count('absent', 'removing', 'ended', 'lost', 'stuck', 'released', 'starting')).toBe(0);
  // While no engine can be created, the present ones are kept.
  if (!snapshot.mayProvision) return;
  const retiring = count('retiring');
  expect(fleetNow.working.length).toBe(Math.min(wanted, maxReplicas - count('held') - retiring));
  expect(count('failing')).toBe(0);
  // The only working engine is not drained while it has viewers.
  const kept =
    fleetNow.working.length === 1 && fleetNow.working.some(({ engine }) => engine.streams > 0);
  if (retiring === 0 && !kept) expect(count('replaceable')).toBe(0);
}
