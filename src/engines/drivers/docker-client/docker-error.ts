import { RuntimeError, type RuntimeErrorCode } from '../engine-runtime.port';

/** A call to Docker that failed. */
export class DockerError extends RuntimeError {
  constructor(
    code: RuntimeErrorCode,
    message: string,
    /** HTTP status with which Docker refused; null when Docker gave no (sensible) answer. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.name = 'DockerError';
  }
}

/** Docker is there, and this process may not use it: waiting does not help. */
export class DockerAccessError extends DockerError {
  constructor(message: string, cause: unknown) {
    super('docker_unavailable', message, null, { cause });
    this.name = 'DockerAccessError';
  }
}

/** Docker, or what stands in front of it, refuses this process whatever it asks for. */
export function isAccessDenied(error: DockerError): boolean {
  return error instanceof DockerAccessError || error.status === 401 || error.status === 403;
}

/** Docker itself said that there is no such container, image, network, service. */
export function isAbsent(error: unknown): boolean {
  return error instanceof DockerError && error.status === 404;
}

/** No answer, or one that no Docker Engine gives. Says nothing about containers. */
export function unavailable(message: string, cause?: unknown): DockerError {
  return new DockerError('docker_unavailable', message, null, { cause });
}

const MAX_MESSAGE_CHARS = 300;

/** What somebody else said, as one bounded line without control characters. */
export function oneLine(text: string): string {
  // A cut first: an answer may be long, and patterns are run over it.
  const plain = text
    .slice(0, 4 * MAX_MESSAGE_CHARS)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return plain.length > MAX_MESSAGE_CHARS ? `${plain.slice(0, MAX_MESSAGE_CHARS - 1)}…` : plain;
}
