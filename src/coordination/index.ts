export { CoordinationModule } from './coordination.module';
export { DataDirInUseError, DataDirLock } from './data-dir-lock';
export { JobHandler } from './job-handler';
export type { Job, JobName, JobTable, RepeatedJobName } from './job-table';
export {
  JOB_REASONS,
  Jobs,
  type JobOptions,
  type JobReason,
  type JobState,
  type JobTrouble,
} from './jobs.port';
export { describeRedis } from './redis-address';
