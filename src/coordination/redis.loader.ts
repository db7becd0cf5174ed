import type * as redis from './redis';

/**
 * Loads all code that uses Redis. It is called while the modules are assembled, before the server listens, and only
 * if REDIS_URL is set. Otherwise none of this code is in memory.
 */
export function loadRedis(): typeof redis {
  // `require` instead of `import()`, because the modules are assembled synchronously.
  return require('./redis') as typeof redis;
}
