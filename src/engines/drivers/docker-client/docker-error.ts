import { RuntimeError, type RuntimeErrorCode } from '../engine-runtime.port';

/** A call to Docker that failed. */
export class DockerError extends RuntimeError {
  constructor(
    code: RuntimeErrorCode,
    message: string,
    /** HTTP status with which Docker refused; null if there was no answer, or if it did not come from Docker. */
    readonly status: number | null,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.name = 'DockerError';
  }
}

/** Docker runs, but this process may not use it. Waiting does not help. */
export class DockerAccessError extends DockerError {
  constructor(message: string, cause: unknown) {
    super('docker_unavailable', message, null, { cause });
    this.name = 'DockerAccessError';
  }
}

/** True when Docker, or a proxy in front of it, refuses every call of this process. */
export function isAccessDenied(error: DockerError): boolean {
  return error instanceof DockerAccessError || error.status === 401 || error.status === 403;
}

/** True when Docker itself said that the container, image, network or service does not exist. */
export function isAbsent(error: unknown): boolean {
  return error instanceof DockerError && error.status === 404;
}

/** The error for a missing answer, or one that is not that of a Docker Engine. It says nothing about containers. */
export function unavailable(message: string, cause?: unknown): DockerError {
  return new DockerError('docker_unavailable', message, null, { cause });
}

/** The purpose of a call. Docker uses the same words for different faults, so the code depends on the purpose. */
export type DockerPurpose = 'read' | 'create' | 'start' | 'pull' | 'change';

/** A complete answer with any status. */
export interface DockerAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Why Docker refused a call. Status and wording are those of Docker 20.10 to 29. Compatible engines (Podman) word
 * some refusals differently; those become `runtime_refused` with their own message.
 */
export function refusal(purpose: DockerPurpose, answer: DockerAnswer): DockerError {
  const message = dockerMessage(answer.body);
  if (message === null) return notDocker(answer.status);
  const code = refusalCode(purpose, answer.status, message);
  return new DockerError(code, oneLine(message), answer.status);
}

function refusalCode(purpose: DockerPurpose, status: number, message: string): RuntimeErrorCode {
  if (/\bnetwork\b.*\bnot found|no such network|could not find a network/i.test(message)) {
    return 'network_missing';
  }
  if (purpose === 'create') {
    if (status === 404 && /no such image|image.*not found|no such manifest/i.test(message)) {
      return 'image_missing';
    }
    // The first wording is for services, the second for containers.
    if (status === 409 && /already (?:exists|in use)/i.test(message)) return 'name_conflict';
  }
  if (purpose === 'pull') return 'image_missing';
  if (purpose === 'start' || purpose === 'create') {
    if (isPortConflict(message)) return 'port_conflict';
  }
  return 'runtime_refused';
}

/** The messages are those of Docker's port allocator, of the userland proxy of a port, and of Swarm, in this order. */
function isPortConflict(message: string): boolean {
  return /port is already allocated|address already in use|bind for \S+ failed|ports are not available|port '\d+' is already in use/i.test(
    message,
  );
}

/** Docker reports failures as `{"message": "…"}`. */
function dockerMessage(body: Buffer): string | null {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    if (typeof answer !== 'object' || answer === null || !('message' in answer)) return null;
    return typeof answer.message === 'string' ? answer.message : null;
  } catch {
    return null;
  }
}

/** The answer came from a proxy in front of Docker, or from another program. */
function notDocker(status: number): DockerError {
  if (status === 401 || status === 403) {
    return new DockerError(
      'runtime_refused',
      `a proxy in front of Docker refuses this call (status ${status})`,
      status,
    );
  }
  return unavailable(`the answer is not that of a Docker Engine (status ${status})`);
}

const MAX_MESSAGE_CHARS = 300;

/** Text of another program as one bounded line without control characters. */
export function oneLine(text: string): string {
  // Cut first: an answer may be long, and the pattern runs over all of it.
  const plain = text
    .slice(0, 4 * MAX_MESSAGE_CHARS)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return plain.length > MAX_MESSAGE_CHARS ? `${plain.slice(0, MAX_MESSAGE_CHARS - 1)}…` : plain;
}
