import { type DynamicModule, Module } from '@nestjs/common';
import type { AppConfig } from '../config';
import { Jobs } from './jobs.port';
import { LocalJobs } from './local/local-jobs';
import { LocalJobsModule } from './local/local-jobs.module';
import { loadRedis } from './redis.loader';

/** Delayed, retried and repeated work: in this process, or with copies in Redis. */
@Module({})
export class CoordinationModule {
  static forRoot({ redisUrl }: Pick<AppConfig, 'redisUrl'>): DynamicModule {
    return redisUrl === null ? provideJobs(LocalJobsModule, LocalJobs) : withRedis(redisUrl);
  }
}

function withRedis(url: string): DynamicModule {
  const { REDIS_JOBS_TIMING, RedisJobs, RedisModule } = loadRedis();
  return provideJobs(RedisModule.forRoot({ url, ...REDIS_JOBS_TIMING }), RedisJobs);
}

function provideJobs(
  module: DynamicModule | typeof LocalJobsModule,
  jobs: abstract new (...args: never[]) => Jobs,
): DynamicModule {
  return {
    module: CoordinationModule,
    global: true,
    imports: [module],
    providers: [{ provide: Jobs, useExisting: jobs }],
    exports: [Jobs],
  };
}
