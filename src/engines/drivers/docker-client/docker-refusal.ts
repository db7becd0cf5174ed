import type { RuntimeErrorCode } from '../engine-runtime.port';
import { DockerError, oneLine, unavailable } from './docker-error';

/** What was asked for: the same words of Docker mean different things after different questions. */
export type DockerDeed = 'look' | 'create' | 'start' | 'pull' | 'change';

/** A whole answer, whatever its status. */
export interface DockerAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Why Docker refused. Status and wording are those of Docker 20.10 to 29; engines of other makers (Podman)
 * word some differently and fall back to `runtime_refused` with their message.
 */
export function refusal(deed: DockerDeed, answer: DockerAnswer): DockerError {
  const said = dockerMessage(answer.body);
  if (said === null) return notDocker(answer.status);
  return new DockerError(refusalCode(deed, answer.status, said), oneLine(said), answer.status);
}

function refusalCode(deed: DockerDeed, status: number, said: string): RuntimeErrorCode {
  if (/\bnetwork\b.*\bnot found|no such network|could not find a network/i.test(said)) {
    return 'network_missing';
  }
  if (deed === 'create') {
    if (status === 404 && /no such image|image.*not found|no such manifest/i.test(said)) {
      return 'image_missing';
    }
    // A service's name, and then a container's.
    if (status === 409 && /already (?:exists|in use)/i.test(said)) return 'name_conflict';
  }
  if (deed === 'pull') return 'image_missing';
  if (deed === 'start' || deed === 'create') {
    if (isPortConflict(said)) return 'port_conflict';
  }
  return 'runtime_refused';
}

/** From the port allocator, from the proxy process of a port, and from Swarm, in this order. */
function isPortConflict(said: string): boolean {
  return /port is already allocated|address already in use|bind for \S+ failed|ports are not available|port '\d+' is already in use/i.test(
    said,
  );
}

/** Docker words its failures as `{"message": "…"}`. */
function dockerMessage(body: Buffer): string | null {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    if (typeof answer !== 'object' || answer === null || !('message' in answer)) return null;
    return typeof answer.message === 'string' ? answer.message : null;
  } catch {
    return null;
  }
}

/** Not the words of a Docker Engine: what stands in front of it, or something else altogether. */
function notDocker(status: number): DockerError {
  if (status === 401 || status === 403) {
    return new DockerError(
      'runtime_refused',
      `what stands in front of Docker does not let this call through (status ${status})`,
      status,
    );
  }
  return unavailable(`the answer is not that of a Docker Engine (status ${status})`);
}
