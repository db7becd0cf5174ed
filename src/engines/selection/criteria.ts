import type { EnginesConfig } from '../engines-config';
import type { Candidate } from './candidate';

/** The settings that say how much each criterion weighs; what speaks against an engine is negative. */
export type SelectionWeights = Pick<
  EnginesConfig,
  | 'selectionWeightForwarded'
  | 'selectionWeightActiveStream'
  | 'selectionWeightUnhealthy'
  | 'selectionWeightSuspect'
>;

/** One reason for or against an engine. Its score is the fact times the weight. */
export interface Criterion {
  readonly name: string;
  /** A count, or 1 for a fact that is so and 0 for one that is not. */
  readonly fact: (candidate: Candidate) => number;
  readonly weight: keyof SelectionWeights;
  /** The variable of the weight. */
  readonly setting: string;
  /** For operators. */
  readonly explanation: string;
}

/** Every criterion. A new one is an entry here, with its weight in the settings. */
export const CRITERIA: readonly Criterion[] = [
  {
    name: 'forwarded',
    fact: ({ forwarded }) => Number(forwarded),
    weight: 'selectionWeightForwarded',
    setting: 'SELECTION_WEIGHT_FORWARDED',
    explanation: 'The engine holds the forwarded port of its VPN and so reaches more peers.',
  },
  {
    name: 'active_streams',
    fact: ({ activeStreams }) => activeStreams,
    weight: 'selectionWeightActiveStream',
    setting: 'SELECTION_WEIGHT_ACTIVE_STREAM',
    explanation: 'Counts once for each slot in use, so that streams spread over the engines.',
  },
  {
    name: 'unhealthy',
    fact: ({ state }) => Number(state === 'unhealthy'),
    weight: 'selectionWeightUnhealthy',
    setting: 'SELECTION_WEIGHT_UNHEALTHY',
    explanation: 'The engine does not answer health probes. A filter excludes it as well.',
  },
  {
    name: 'suspect',
    fact: ({ state }) => Number(state === 'suspect'),
    weight: 'selectionWeightSuspect',
    setting: 'SELECTION_WEIGHT_SUSPECT',
    explanation:
      'A probe was missed or a stream complained. A filter excludes it while an engine without doubts is free.',
  },
  {
    name: 'network_disconnected',
    fact: ({ networkConnected }) => Number(networkConnected === false),
    weight: 'selectionWeightSuspect',
    setting: 'SELECTION_WEIGHT_SUSPECT',
    explanation:
      'The engine says that it has no network. A filter excludes it while an engine without doubts is free.',
  },
];

/** What one criterion adds to the total of one engine. */
export interface Score {
  readonly name: string;
  readonly value: number;
}

/** Every score by name, also those that are 0, so that two engines can be compared line by line. */
export function scores(candidate: Candidate, weights: SelectionWeights): Score[] {
  return CRITERIA.map(({ name, fact, weight }) => {
    // Adding 0 turns the -0 of an idle engine into 0.
    return { name, value: fact(candidate) * weights[weight] + 0 };
  });
}
