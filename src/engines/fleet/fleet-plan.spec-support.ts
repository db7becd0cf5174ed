import { planFleet } from './fleet-plan';
import { aSnapshot, anEngine } from './fleet-snapshot.spec-support';
import type { FleetAction, FleetEngine, FleetSnapshot, ScaleDecision } from './fleet.types';
import { decideScale } from './scaling-decision';

export const LOST = { kind: 'lost', reason: 'its network is gone' } as const;
export const CUT_OFF = { kind: 'cut_off', reason: 'its VPN is down' } as const;
export const DRAINED = { kind: 'drained', reason: 'its VPN is drained' } as const;
export const MISPLACED = { kind: 'misplaced', reason: 'the forwarded port changed' } as const;

/** A short text for an action: `remove a`, `drain+evict a`, `provision for a`; `!` where it makes room. */
export function words(action: FleetAction): string {
  switch (action.kind) {
    case 'provision':
      return action.replaces === null ? 'provision' : `provision for ${action.replaces}`;
    case 'remove':
      return `remove ${action.engineId}${action.failure === null ? '' : ` ${action.failure}`}${action.makesRoom ? '!' : ''}`;
    case 'drain':
      return `drain${action.evict ? '+evict' : ''} ${action.engineId}${action.makesRoom ? '!' : ''}`;
    case 'undrain':
    case 'unpause':
      return `${action.kind} ${action.engineId}`;
  }
}

export type Over = Parameters<typeof aSnapshot>[1];

export function plan(engines: readonly FleetEngine[], over: Over = {}, wanted?: number): string[] {
  return planned(aSnapshot(engines, over), wanted).map(words);
}

export function planned(snapshot: FleetSnapshot, wanted?: number): FleetAction[] {
  const decided = decideScale(snapshot);
  const scale: ScaleDecision = wanted === undefined ? decided : { ...decided, wanted };
  return planFleet(snapshot, scale);
}

export const good = (...ids: string[]): FleetEngine[] => ids.map((id) => anEngine(id));
export const sick = (id: string, over: Partial<FleetEngine> = {}): FleetEngine =>
  anEngine(id, { state: 'unhealthy', ...over });
export const old = (id: string, over: Partial<FleetEngine> = {}): FleetEngine =>
  anEngine(id, { isOutdated: true, ...over });

/** An engine that a rollout replaces. */
export const stale = (id: string, over: Partial<FleetEngine> = {}): FleetEngine =>
  anEngine(id, { rollout: 'image_changed', ...over });

/** Engines, other facts, how many are wanted (left out: as decided), and the expected actions. */
export type Case = [string, FleetEngine[], Over, number | undefined, string[]];

export function table(cases: Case[]): void {
  it.each(cases)('%s', (_, engines, over, wanted, actions) => {
    expect(plan(engines, over, wanted)).toEqual(actions);
  });
}
