import { RuntimeError } from '../engine-runtime.port';

/**
 * The failure of a provisioning request that was cancelled. @param cause the reason, or the error that the cancellation
 * caused
 */
export function requestCancelled(cause?: unknown): RuntimeError {
  return new RuntimeError('runtime_refused', 'the request was cancelled', { cause });
}

/** Converts an error. One that is not a RuntimeError was caused by an answer that Docker never sends. */
export function asRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new RuntimeError('docker_unavailable', `Docker gave an invalid answer: ${why}`, {
    cause: error,
  });
}

/**
 * Converts the error of a provisioning request. A call that the signal ended fails with the signal's reason, which
 * becomes `requestCancelled`.
 */
export function asRequestFailure(error: unknown, signal: AbortSignal): RuntimeError {
  const isCut = signal.aborted && !(error instanceof RuntimeError);
  return isCut ? requestCancelled(error) : asRuntimeError(error);
}

/** More orphans than this are not remembered: the oldest one is forgotten. */
const MAX_ORPHANS = 200;

/**
 * Remembers provisioning requests that failed while Docker gave no answer. Their containers may exist all the same,
 * or appear when a frozen Docker Engine continues. Listings do not show such containers as engines, and remove them.
 */
export class OrphanTracker {
  /** Oldest first. */
  private readonly keys = new Set<string>();

  /** @param key of the provisioning request */
  add(key: string): void {
    this.keys.add(key);
    const [oldest] = this.keys;
    if (this.keys.size > MAX_ORPHANS && oldest !== undefined) this.keys.delete(oldest);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** The request is tried again, so its engine is wanted. */
  delete(key: string): void {
    this.keys.delete(key);
  }
}
