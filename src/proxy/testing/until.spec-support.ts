import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/**
 * Waits for a fact instead of for a time: resolves with the first value of `fact` that is neither false,
 * null nor undefined. @throws when there is no such value within `deadlineMs`
 */
export async function until<T>(
  fact: () => T | null | undefined | false,
  what = 'the fact that was waited for',
  deadlineMs = 20_000,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const value = fact();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() >= endsAt) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Settles as `end` does. @throws an error that names `what` when `end` has not settled within `ms` */
export async function within<T>(ms: number, what: string, end: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not ended within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `count` turns of the event loop, so that promises and immediate callbacks that are due have run. */
export async function eventLoopTurns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise that stays pending until the signal aborts, and rejects then. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
