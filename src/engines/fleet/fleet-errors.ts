import { AppError, type ErrorCode } from '../../kernel/errors';
import { RuntimeError, type RuntimeErrorCode } from '../drivers/engine-runtime.port';

const CODES: Readonly<Record<RuntimeErrorCode, ErrorCode>> = {
  image_missing: 'image_missing',
  port_conflict: 'port_conflict',
  name_conflict: 'name_conflict',
  docker_unavailable: 'docker_unavailable',
  start_timeout: 'start_timeout',
  engine_exited: 'engine_failed',
  network_missing: 'runtime_refused',
  no_place: 'provisioning_blocked',
  runtime_refused: 'runtime_refused',
};

/** The error of a runtime, as clients of the API get it. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, message } = toRuntimeError(error);
  return new AppError(CODES[code], message, { cause: error });
}

/** Runtimes throw nothing but `RuntimeError`; any other error is a fault of the runtime, too. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RuntimeError('runtime_refused', message, { cause: error });
}
