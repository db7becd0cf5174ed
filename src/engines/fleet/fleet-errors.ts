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

/** Converts the error of a runtime to the error that clients of the API get. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, message } = toRuntimeError(error);
  return new AppError(CODES[code], message, { cause: error });
}

/** Runtimes should throw only `RuntimeError`. Any other error is a bug in a runtime and becomes `runtime_refused`. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RuntimeError('runtime_refused', message, { cause: error });
}
