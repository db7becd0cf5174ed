import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config';
import type { Candidate } from './candidate';
import type { SelectionWeights } from './criteria';
import { EngineSelector } from './engine-selector.port';
import { rank, type Ranking } from './ranking';

/** Filters the engines, then adds up their scores, weighted by the settings. */
@Injectable()
export class ScoringEngineSelector extends EngineSelector {
  constructor(@Inject(CONFIG) private readonly weights: SelectionWeights) {
    super();
  }

  override rank(candidates: readonly Candidate[]): Ranking {
    return rank(candidates, this.weights);
  }
}
