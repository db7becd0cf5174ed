import { RuntimeError } from '../engine-runtime.port';

/** What an order hears that nobody wants any more. @param cause what it was ended with, or where it ended */
export function calledOff(cause?: unknown): RuntimeError {
  return new RuntimeError('runtime_refused', 'the order was called off', { cause });
}

/** Whatever else is thrown on the way comes from an answer that no Docker Engine gives. */
export function asRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new RuntimeError('docker_unavailable', `Docker's answer makes no sense: ${why}`, {
    cause: error,
  });
}

/** Why an order failed: calls that its signal ended fail with the signal's reason, which is nobody's answer. */
export function asOrderFailure(error: unknown, signal: AbortSignal): RuntimeError {
  const isCut = signal.aborted && !(error instanceof RuntimeError);
  return isCut ? calledOff(error) : asRuntimeError(error);
}
