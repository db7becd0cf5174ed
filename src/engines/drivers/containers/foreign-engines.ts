import { isInstanceId } from '../../../storage';
import type { ForeignEngines } from '../engine-runtime.port';
import { LABEL_PREFIX, readEngineLabels } from './engine-labels';

/** How an operator lists and removes containers or services of engines. */
const COMMANDS = {
  containers: { list: 'ps -aq', remove: 'rm -f' },
  services: { list: 'service ls -q', remove: 'service rm' },
};

const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

export type Removable = keyof typeof COMMANDS;

/**
 * The command that removes all engines of one installation and nothing else.
 *
 * @param dockerHost as in DOCKER_HOST. The command names a socket, but no network address, because perhaps only this
 *   process can reach that
 */
export function removalCommand(
  what: Removable,
  instance: string,
  dockerHost: string | null,
): string {
  const isOtherSocket = dockerHost?.startsWith('unix://') === true && dockerHost !== DEFAULT_SOCKET;
  const docker = isOtherSocket ? `docker -H ${dockerHost}` : 'docker';
  const { list, remove } = COMMANDS[what];
  return `${docker} ${remove} $(${docker} ${list} --filter label=${LABEL_PREFIX}instance=${instance})`;
}

/** A container or service with the labels of an engine. */
export interface LabelledEngine {
  readonly labels: Readonly<Record<string, string>> | null | undefined;
  readonly isRunning: boolean;
}

/** The engines of all installations except this one, one entry for each installation. */
export function foreignEngines(
  all: readonly LabelledEngine[],
  own: string,
  removalOf: (instance: string) => string,
): ForeignEngines[] {
  const byInstance = new Map<string, ForeignEngines>();
  for (const { labels, isRunning } of all) {
    const instance = readEngineLabels(labels)?.instance;
    // The text becomes part of a command that an operator runs, and anybody may have written the labels.
    if (instance === undefined || instance === own || !isInstanceId(instance)) continue;
    const known = byInstance.get(instance);
    byInstance.set(instance, {
      count: (known?.count ?? 0) + 1,
      areRunning: isRunning || known?.areRunning === true,
      removal: removalOf(instance),
    });
  }
  return [...byInstance.values()];
}
