import { DockerClient } from './docker-client';
import { DockerError, unavailable } from './docker-error';

/**
 * Why no Docker Engine answers there; null: one does. Never throws, and leaves no connection behind.
 */
export async function pingDocker(
  dockerHost: string | null,
  timeoutMs: number,
): Promise<DockerError | null> {
  const client = new DockerClient(dockerHost, { lookMs: timeoutMs });
  try {
    await client.ping();
    return null;
  } catch (error) {
    return error instanceof DockerError ? error : unavailable(String(error), error);
  } finally {
    client.close();
  }
}
