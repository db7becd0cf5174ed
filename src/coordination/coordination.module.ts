import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { JobHandlers, JobRunner } from './job-handlers';
import { Jobs } from './jobs.port';
import { LocalJobs } from './local/local-jobs';

/** Delayed, retried and repeated work of this process. */
@Module({
  imports: [DiscoveryModule, ScheduleModule.forRoot()],
  providers: [
    { provide: JobRunner, useClass: JobHandlers },
    LocalJobs,
    { provide: Jobs, useExisting: LocalJobs },
  ],
  exports: [Jobs],
})
export class CoordinationModule {}
