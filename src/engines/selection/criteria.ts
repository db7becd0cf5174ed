import type { EnginesConfig } from '../engines-config';
import type { Candidate } from './candidate';

/** The settings that give each criterion its weight. A criterion counts against an engine if its weight is negative. */
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
  /** A count, or 1 for true and 0 for false. */
  readonly fact: (candidate: Candidate) => number;
  readonly weight: keyof SelectionWeights;
  /** Name of the weight's setting. */
  readonly setting: string;
  /** For operators. */
  readonly explanation: string;
}

/** All criteria. To add one, add an entry here and its weight to the settings. */
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
      'A probe was missed or a stream complained. A filter excludes it while an engine without such a fault is free.',
  },
  {
    name: 'network_disconnected',
    fact: ({ networkConnected }) => Number(networkConnected === false),
    weight: 'selectionWeightSuspect',
    setting: 'SELECTION_WEIGHT_SUSPECT',
    explanation:
      'The engine reports that it has no network. A filter excludes it while an engine without such a fault is free.',
  },
];

/** The contribution of one criterion to the total of one engine. */
export interface Score {
  readonly name: string;
  readonly value: number;
}

/** The scores of all criteria, including those that are 0, so that two engines can be compared line by line. */
export function scores(candidate: Candidate, weights: SelectionWeights): Score[] {
  return CRITERIA.map(({ name, fact, weight }) => {
    // Adding 0 turns the -0 of an idle engine into 0.
    return { name, value: fact(candidate) * weights[weight] + 0 };
  });
}
