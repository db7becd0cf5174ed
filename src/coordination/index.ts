export { CoordinationModule } from './coordination.module';
export { DataDirInUseError, DataDirLock } from './data-dir.lock';
export { JobHandler } from './job-handler';
export type { Job, JobName, JobTable, RepeatedJobName } from './job-table';
export { Jobs, type JobOptions, type JobTrouble } from './jobs.port';
