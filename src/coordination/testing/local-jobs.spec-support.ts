import { SchedulerRegistry } from '@nestjs/schedule';
import type { JobRunner } from '../job-handlers';
import type { Jobs } from '../jobs.port';
import { LocalJobs } from '../local/local-jobs';

/** The jobs of one process, as in production, executed by `run`. */
export function localJobs(run: JobRunner['run']): Jobs {
  return new LocalJobs(new SchedulerRegistry(), { run });
}
