import { Inject, Injectable } from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { AppError } from '../kernel/errors';
import type { SeriesPoint } from '../storage';
import { HistoryRecorder } from './history-recorder';
import { METRICS, type MetricName } from './metric';
import {
  isStep,
  MAX_POINTS,
  planSeries,
  rollUp,
  SAMPLE_S,
  type SeriesPlan,
  type SeriesRequest,
} from './series';

export interface Series {
  readonly plan: SeriesPlan;
  /** Steps without samples are left out. */
  readonly points: readonly SeriesPoint[];
}

/** Reads the samples of a period, from memory or from the database. */
@Injectable()
export class SeriesReader {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'historyDays'>,
    private readonly recorder: HistoryRecorder,
  ) {}

  /** @throws AppError `invalid_request`; `storage_failed` */
  async read(name: MetricName, request: SeriesRequest): Promise<Series> {
    if (request.stepS !== null && !isStep(request.stepS)) {
      const detail = `step must be ${SAMPLE_S} s, or a number of whole minutes.`;
      throw new AppError('invalid_request', detail);
    }
    const nowS = Math.floor(Date.now() / 1000);
    const { historyDays } = this.config;
    const { recentSinceS } = this.recorder;
    const plan = planSeries(request, nowS, { historyDays, recentSinceS });
    if (plan === null) {
      const detail = `The answer would have more than ${MAX_POINTS} points: choose a longer step or a shorter period.`;
      throw new AppError('invalid_request', detail);
    }
    return { plan, points: await this.pointsOf(name, plan) };
  }

  private async pointsOf(
    name: MetricName,
    { fromS, toS, stepS, storedS }: SeriesPlan,
  ): Promise<SeriesPoint[]> {
    if (storedS === null) {
      const isInside = ({ atS }: SeriesPoint): boolean => atS >= fromS && atS < toS;
      return rollUp(this.recorder.listRecent(name).filter(isInside), stepS);
    }
    await this.recorder.refresh();
    return this.recorder.store.listSeries(METRICS[name].number, storedS, stepS, fromS, toS);
  }
}
