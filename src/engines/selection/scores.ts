import type { Candidate } from './candidate';

export type ScoreName =
  'forwarded' | 'active_streams' | 'unhealthy' | 'suspect' | 'network_disconnected';

/** One reason for or against an engine. */
export interface Score {
  readonly name: ScoreName;
  readonly value: number;
}

/** What operators may weigh; added as they are, so what speaks against an engine is negative. */
export interface SelectionWeights {
  /** For an engine with a forwarded port. */
  readonly forwarded: number;
  /** For each slot in use. */
  readonly activeStream: number;
  /** Shown in the explanation; the filter keeps unhealthy engines out anyway. */
  readonly unhealthy: number;
  /** For each doubt. It orders engines that have one; beside an engine without any the filter decides. */
  readonly suspect: number;
}

/** Every score by name, also those that are 0, so that two engines can be compared line by line. */
export function scores(candidate: Candidate, weights: SelectionWeights): Score[] {
  return [
    { name: 'forwarded', value: candidate.forwarded ? weights.forwarded : 0 },
    // Adding 0 turns the -0 of an idle engine into 0.
    { name: 'active_streams', value: candidate.activeStreams * weights.activeStream + 0 },
    { name: 'unhealthy', value: candidate.state === 'unhealthy' ? weights.unhealthy : 0 },
    { name: 'suspect', value: candidate.state === 'suspect' ? weights.suspect : 0 },
    {
      name: 'network_disconnected',
      value: candidate.networkConnected === false ? weights.suspect : 0,
    },
  ];
}
