export { REDIS_JOBS_TIMING, RedisJobs } from './redis-jobs';
export { RedisModule } from './redis.module';
