import { Injectable } from '@nestjs/common';
import { JOB_REASONS, Jobs, type JobState } from '../coordination';
import { EventLog } from '../events';
import { MetricsRegistry, type Sample } from '../metrics';
import { STORAGE_REASONS } from '../storage';
import { ReadinessGate } from './readiness-gate';
import { UNREADY_REASONS } from './unready-reason';

/** Metrics of readiness, of jobs and of lost events. Values are read at each scrape. */
@Injectable()
export class HealthMetrics {
  constructor(metrics: MetricsRegistry, gate: ReadinessGate, jobs: Jobs, events: EventLog) {
    metrics.gauge(
      'acefleet_unready',
      '1 for each reason why new viewers cannot be served now, as at /health/ready, else 0.',
      () => activeOf(UNREADY_REASONS, gate.reasons()),
      { labelNames: ['reason'] },
    );
    metrics.gauge(
      'acefleet_degraded',
      '1 for each problem in spite of which viewers are served, as at /health/ready, else 0.',
      () =>
        activeOf(
          [...STORAGE_REASONS, ...JOB_REASONS],
          gate.degradations().map(({ code }) => code),
        ),
      { labelNames: ['reason'] },
    );
    metrics.sampledCounter(
      'acefleet_events_lost_total',
      'Events that are missing in the event log because the program or the disk could not keep up.',
      () => events.lost,
    );
    measureJobs(metrics, jobs);
  }
}

function activeOf(all: readonly string[], active: readonly string[]): Sample[] {
  return all.map((reason) => ({ labels: { reason }, value: Number(active.includes(reason)) }));
}

function measureJobs(metrics: MetricsRegistry, jobs: Jobs): void {
  const samples = (figure: (state: JobState) => number | null): Sample[] =>
    jobs.states().flatMap((state) => {
      const value = figure(state);
      return value === null ? [] : [{ labels: { job_name: state.name }, value }];
    });
  metrics.gauge(
    'acefleet_jobs_waiting',
    'Jobs that wait for their time or for their next attempt, by name.',
    () => samples(({ waiting }) => waiting),
    { labelNames: ['job_name'] },
  );
  metrics.gauge(
    'acefleet_jobs_running',
    'Jobs that run now, by name.',
    () => samples(({ running }) => running),
    { labelNames: ['job_name'] },
  );
  metrics.sampledCounter(
    'acefleet_job_runs_total',
    'Runs of jobs, by name and result. Each attempt counts.',
    () =>
      jobs.states().flatMap(({ name, succeeded, failed }) => [
        { labels: { job_name: name, result: 'succeeded' }, value: succeeded },
        { labels: { job_name: name, result: 'failed' }, value: failed },
      ]),
    { labelNames: ['job_name', 'result'] },
  );
  metrics.gauge(
    'acefleet_job_last_success_timestamp_seconds',
    'Unix time at which a run of the job last succeeded; absent until then.',
    () =>
      samples(({ lastSuccessAt }) =>
        lastSuccessAt === null ? null : lastSuccessAt.getTime() / 1000,
      ),
    { labelNames: ['job_name'] },
  );
}
