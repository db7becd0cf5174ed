import type { JobState, Jobs, JobTrouble } from '../coordination';
import type { Engine, EngineRegistry, EngineSupply } from '../engines';
import type { EventLog } from '../events';
import { MetricsRegistry } from '../metrics';
import type { DataFolder, StorageTrouble } from '../storage';
import { HealthMetrics } from './health-metrics';
import { ReadinessGate } from './readiness-gate';

describe('metrics of readiness and jobs', () => {
  const troubles: StorageTrouble[] = [];
  let jobTrouble: JobTrouble | null = null;
  let states: JobState[] = [];
  let engines: Engine[] = [];
  const log = { lost: 0 };
  const metrics = new MetricsRegistry();

  beforeAll(() => {
    const registry = { list: () => engines } as EngineRegistry;
    const folder = { troubles: () => troubles } as DataFolder;
    const jobs = { trouble: () => jobTrouble, states: () => states } as unknown as Jobs;
    const supply = { isAsleep: false } as EngineSupply;
    const gate = new ReadinessGate(registry, supply, folder, jobs);
    new HealthMetrics(metrics, gate, jobs, log as EventLog);
  });

  async function series(pattern: RegExp): Promise<string[]> {
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => pattern.test(line));
  }

  it('tell the reasons of /health/ready, also those that do not apply', async () => {
    expect(await series(/^acefleet_unready/)).toEqual([
      'acefleet_unready{reason="shutting_down"} 0',
      'acefleet_unready{reason="engines_unknown"} 1',
      'acefleet_unready{reason="no_usable_engine"} 0',
    ]);
    engines = [{ state: 'healthy' } as Engine];
    expect(await series(/^acefleet_unready.* 1$/)).toEqual([]);
    expect(await series(/^acefleet_degraded.* 1$/)).toEqual([]);
    troubles.push({ code: 'storage_full', detail: 'full' });
    jobTrouble = { code: 'redis_unavailable', detail: 'gone' };
    expect(await series(/^acefleet_degraded.* 1$/)).toEqual([
      'acefleet_degraded{reason="storage_full"} 1',
      'acefleet_degraded{reason="redis_unavailable"} 1',
    ]);
    expect(await series(/^acefleet_degraded/)).toHaveLength(5);
  });

  it('tell the state of jobs by name; the last success only if there was one', async () => {
    const none = { waiting: 0, running: 0, succeeded: 0, failed: 0, lastSuccessAt: null };
    const ran = {
      waiting: 3,
      running: 1,
      succeeded: 5,
      failed: 2,
      lastSuccessAt: new Date(12_500),
    };
    states = [
      { name: 'guide.refresh', ...ran },
      { name: 'hls.idle', ...none },
    ];
    expect(await series(/^acefleet_job/)).toEqual([
      'acefleet_jobs_waiting{job_name="guide.refresh"} 3',
      'acefleet_jobs_waiting{job_name="hls.idle"} 0',
      'acefleet_jobs_running{job_name="guide.refresh"} 1',
      'acefleet_jobs_running{job_name="hls.idle"} 0',
      'acefleet_job_runs_total{job_name="guide.refresh",result="succeeded"} 5',
      'acefleet_job_runs_total{job_name="guide.refresh",result="failed"} 2',
      'acefleet_job_runs_total{job_name="hls.idle",result="succeeded"} 0',
      'acefleet_job_runs_total{job_name="hls.idle",result="failed"} 0',
      'acefleet_job_last_success_timestamp_seconds{job_name="guide.refresh"} 12.5',
    ]);
  });

  it('count the lost events', async () => {
    log.lost = 3;
    expect(await series(/^acefleet_events_lost_total/)).toEqual(['acefleet_events_lost_total 3']);
  });
});
