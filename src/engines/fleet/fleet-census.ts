import { judgeAll, type EngineStanding, type JudgedEngine } from './engine-standing';
import type { FleetSnapshot } from './fleet.types';

/** The fleet counted by what its engines are to it. Lists are in the order of the engines' ids. */
export interface FleetCensus {
  of(...standings: readonly EngineStanding[]): JudgedEngine[];
  /** Everything that takes a place under MAX_REPLICAS, without what is only ordered. */
  readonly present: number;
  /** Of those: what has not answered yet and may still. */
  readonly starting: number;
  /** Engines that serve, or are about to: what counts as capacity. */
  readonly serving: readonly JudgedEngine[];
  /** Of those: the ones that serve now. */
  readonly working: readonly JudgedEngine[];
}

export function takeCensus(snapshot: FleetSnapshot): FleetCensus {
  const judged = judgeAll(snapshot);
  const of = (...standings: readonly EngineStanding[]): JudgedEngine[] =>
    judged.filter(({ standing }) => standings.includes(standing));
  return {
    of,
    present: judged.length - of('absent').length,
    starting: of('coming', 'released').filter(({ engine }) => !engine.hasStarted).length,
    serving: of('ready', 'replaceable', 'coming', 'released'),
    working: of('ready', 'replaceable'),
  };
}
