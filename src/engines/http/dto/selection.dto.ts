import { ApiProperty } from '@nestjs/swagger';
import { ENGINE_STATES } from '../../registry/engine-state';
import type { EngineState } from '../../registry/engine.types';
import {
  CRITERIA,
  type Criterion,
  type Score,
  type SelectionWeights,
} from '../../selection/criteria';
import type { Assessment, Ranking } from '../../selection/ranking';

/** One named score. */
export class ScoreDto {
  readonly name: string;
  readonly value: number;

  constructor(score: Score) {
    this.name = score.name;
    this.value = score.value;
  }
}

/** The selector's assessment of one engine. */
export class AssessmentDto {
  readonly id: string;

  @ApiProperty({ enum: ENGINE_STATES })
  readonly state: EngineState;

  /** True for the engine that a new stream would get now. */
  readonly chosen: boolean;

  /** Reasons not to choose it; empty when it may be chosen. */
  readonly filters: string[];

  /** Every score by name, including scores of 0. */
  readonly scores: ScoreDto[];

  /** Sum of the scores. */
  readonly total: number;

  readonly active_streams: number;
  readonly max_streams: number;

  constructor({ candidate, filters, scores, total }: Assessment, chosen: boolean) {
    this.id = candidate.id;
    this.state = candidate.state;
    this.chosen = chosen;
    this.filters = [...filters];
    this.scores = scores.map((score) => new ScoreDto(score));
    this.total = total;
    this.active_streams = candidate.activeStreams;
    this.max_streams = candidate.maxStreams;
  }
}

/** Weights of the scores. */
export class WeightsDto {
  readonly forwarded: number;
  readonly active_stream: number;
  readonly unhealthy: number;
  readonly suspect: number;

  constructor(weights: SelectionWeights) {
    this.forwarded = weights.selectionWeightForwarded;
    this.active_stream = weights.selectionWeightActiveStream;
    this.unhealthy = weights.selectionWeightUnhealthy;
    this.suspect = weights.selectionWeightSuspect;
  }
}

/** One reason for or against an engine. Its score is a fact about the engine times the weight. */
export class CriterionDto {
  readonly name: string;

  /** The setting that holds the weight. */
  readonly setting: string;

  readonly weight: number;

  readonly explanation: string;

  constructor({ name, setting, weight, explanation }: Criterion, weights: SelectionWeights) {
    this.name = name;
    this.setting = setting;
    this.weight = weights[weight];
    this.explanation = explanation;
  }
}

/** What the selector would decide for a new stream now. */
export class SelectionDto {
  /** The engine that a new stream would get; null when there is none. */
  @ApiProperty({ type: String, nullable: true })
  readonly chosen: string | null;

  readonly weights: WeightsDto;

  /** The criteria from which the scores are computed. */
  readonly criteria: CriterionDto[];

  /** Best first. */
  readonly engines: AssessmentDto[];

  constructor(ranking: Ranking, weights: SelectionWeights) {
    this.chosen = ranking.chosen;
    this.weights = new WeightsDto(weights);
    this.criteria = CRITERIA.map((criterion) => new CriterionDto(criterion, weights));
    this.engines = ranking.assessments.map(
      (assessment) => new AssessmentDto(assessment, assessment.candidate.id === ranking.chosen),
    );
  }
}
