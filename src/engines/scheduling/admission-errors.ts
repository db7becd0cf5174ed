import { AppError } from '../../kernel/errors';
import type { Engine } from '../registry/engine';
import type { ProvisioningBlock } from '../drivers/engine-driver.port';

const RETRY_LEAST_S = 5;
const RETRY_MOST_S = 300;
const MAX_ENGINES_NAMED = 10;

/** The error for a slot request while there is no engine to wait for and none can be created. */
export function provisioningBlocked({ message, retryInMs }: ProvisioningBlock): AppError {
  const seconds = Math.ceil((retryInMs ?? 0) / 1000);
  return new AppError('no_engine', `There is no engine: ${message}`, {
    retryAfterS: Math.min(Math.max(seconds, RETRY_LEAST_S), RETRY_MOST_S),
  });
}

/**
 * The error for a slot request if no engine was ever reached at its address, so that the addresses are probably
 * wrong. Null if there is no engine, or if one has answered, may still be starting, or failed for another reason.
 */
export function noEngineReached(engines: readonly Engine[]): AppError | null {
  const counts = new Map<string, number>();
  for (const { unreached: reason } of engines) {
    if (reason === null) return null;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  const reasons = [...counts].map(([reason, count]) => `${reason} (${count})`).join(', ');
  const of = engines.length === 1 ? 'The only engine' : `None of ${engines.length} engines`;
  const verb = engines.length === 1 ? 'has never answered' : 'has ever answered';
  return new AppError('no_engine', `${of} ${verb}: ${reasons}.`, { retryAfterS: RETRY_LEAST_S });
}

export function noEngineInTime(engines: readonly Engine[], waitMs: number): AppError {
  const states = engines.slice(0, MAX_ENGINES_NAMED).map(describe);
  const known = states.length === 0 ? 'none is known' : states.join('; ');
  return new AppError('no_engine', `No engine became usable within ${waitMs / 1000} s (${known}).`);
}

export function noCapacity(detail = 'Every usable engine is full.'): AppError {
  return new AppError('no_capacity', detail);
}

export function shuttingDown(): AppError {
  return new AppError('shutting_down', 'The process is about to end.');
}

function describe({ id, state, lastMiss }: Engine): string {
  return lastMiss === null ? `${id} ${state}` : `${id} ${state}: ${lastMiss}`;
}
