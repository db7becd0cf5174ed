import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WITHIN_MS = 60_000;

/**
 * Runs `docker …` like an operator, on the default Docker Engine or another one. Returns its output without the last
 * line end.
 */
export async function docker(args: readonly string[], dockerHost?: string): Promise<string> {
  const env = dockerHost === undefined ? process.env : { ...process.env, DOCKER_HOST: dockerHost };
  const { stdout } = await run('docker', [...args], { env, timeout: WITHIN_MS });
  return stdout.trimEnd();
}

/** One container as `docker ps -a` shows it. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly state: string;
}

/** Containers in any phase that have all the labels. */
export async function listContainers(
  labels: readonly string[],
  dockerHost?: string,
): Promise<ListedContainer[]> {
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  const format = '{{.ID}} {{.Names}} {{.State}}';
  const text = await docker(
    ['ps', '--all', '--no-trunc', '--format', format, ...filters],
    dockerHost,
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', name = '', state = ''] = line.split(' ');
      return { id, name, state };
    });
}
