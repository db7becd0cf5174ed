import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { DataFolder, obtainInstanceId } from '../../storage';
import { LocalJobsModule } from '../local/local-jobs.module';
import { commandConnection } from './redis-connections';
import { JOB_QUEUE, REDIS_JOBS_OPTIONS, RedisJobs, type RedisJobsOptions } from './redis-jobs';

/** Jobs with copies in a Redis server that other installations may use as well. */
@Module({})
export class RedisModule {
  static forRoot(options: RedisJobsOptions): DynamicModule {
    const connection = commandConnection(options.url);
    return {
      module: RedisModule,
      imports: [
        LocalJobsModule,
        BullModule.registerQueueAsync({
          name: JOB_QUEUE,
          inject: [DataFolder],
          useFactory: async (folder: DataFolder) => ({
            connection,
            prefix: `acefleet-${await obtainInstanceId(folder)}`,
            // A queue that waits for its first connection would keep its commands until then.
            skipWaitingForReady: true,
            // BullMQ prints warnings about the server on the console instead of in the log.
            skipVersionCheck: true,
            skipMetasUpdate: true,
          }),
        }),
      ],
      providers: [
        { provide: REDIS_JOBS_OPTIONS, useValue: options },
        { provide: Redis, useValue: connection },
        RedisJobs,
      ],
      exports: [RedisJobs],
    };
  }
}
