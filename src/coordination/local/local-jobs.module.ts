import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { JobHandlers, JobRunner } from '../job-handlers';
import { LocalJobs } from './local-jobs';

@Module({
  imports: [DiscoveryModule, ScheduleModule.forRoot()],
  providers: [{ provide: JobRunner, useClass: JobHandlers }, LocalJobs],
  exports: [LocalJobs],
})
export class LocalJobsModule {}
