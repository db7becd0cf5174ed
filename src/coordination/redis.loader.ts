import type * as redis from './redis';

/**
 * Loads all code that uses Redis. It is called while the modules are assembled, before the server listens, and only
 * with REDIS_URL: without it, none of this code is in memory.
 */
export function loadRedis(): typeof redis {
  // Not `import()`, which reaches files of packages only in this module format.
  return require('./redis') as typeof redis;
}
