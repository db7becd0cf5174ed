import { type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';

/** Time limit of a command, because a frozen Redis accepts commands and never answers. */
const COMMAND_WITHIN_MS = 1_500;
const CONNECT_WITHIN_MS = 5_000;
/** How long an abandoned connection may still hold its socket. */
const DISCONNECT_WITHIN_MS = 200;

const RETRY_STEP_MS = 50;
const RETRY_MAX_MS = 2_000;

/**
 * The connection for commands. While Redis is unreachable they fail at once instead of gathering in memory. The
 * connection is opened by `connect`, so that a listener for its errors exists by then.
 */
export function commandConnection(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_WITHIN_MS,
    connectTimeout: CONNECT_WITHIN_MS,
    disconnectTimeout: DISCONNECT_WITHIN_MS,
    retryStrategy: retryInMs,
  });
}

/** The connection of a worker, which waits for jobs in a blocking command and must survive any outage of Redis. */
export function workerConnection(url: string, isClosing: () => boolean): ConnectionOptions {
  return {
    url,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_WITHIN_MS,
    disconnectTimeout: DISCONNECT_WITHIN_MS,
    retryStrategy: (attempt) => (isClosing() ? null : retryInMs(attempt)),
  };
}

function retryInMs(attempt: number): number {
  return Math.min(attempt * RETRY_STEP_MS, RETRY_MAX_MS);
}
