import { DockerClient } from './docker-client';

/** Is there a Docker Engine that answers? Never throws, and leaves no connection behind. */
export async function pingDocker(dockerHost: string | null, timeoutMs: number): Promise<boolean> {
  const client = new DockerClient(dockerHost, { lookMs: timeoutMs });
  try {
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
