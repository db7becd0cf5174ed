import type { FleetAction, FleetDecisionRecord } from './fleet.types';

const KEPT = 100;

/** What was decided lately and why, oldest first. */
export class DecisionLog {
  private records: FleetDecisionRecord[] = [];

  list(): readonly FleetDecisionRecord[] {
    return this.records;
  }

  scaled(why: string): void {
    this.add({ at: new Date(), kind: 'scale', engineId: null, why });
  }

  acted(action: FleetAction): void {
    const engineId = action.kind === 'provision' ? action.replaces : action.engineId;
    this.add({ at: new Date(), kind: action.kind, engineId, why: action.why });
  }

  private add(record: FleetDecisionRecord): void {
    this.records = [...this.records, record].slice(-KEPT);
  }
}
