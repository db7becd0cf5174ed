import type { DockerApi } from './docker-api';
import { logLines } from './log-lines';

/** The newest lines of a container's or a service's log. @param path `…/logs` */
export async function readLog(
  api: DockerApi,
  path: string,
  lines: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const query = { stdout: true, stderr: true, tail: lines };
  const deadlineMs = api.tuning.lookMs;
  const { body } = await api.act('look', { method: 'GET', path, query, deadlineMs, signal });
  return logLines(body, lines);
}
