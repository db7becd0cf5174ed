import type { EnginesConfig } from '../engines-config';
import { loadDockerClient } from './drivers.loader';
import { DriverChoiceError, type DriverKind } from './engine-driver.port';

/** The driver in use, and why it was chosen (for the log lines at the start). */
export interface DriverChoice {
  readonly kind: DriverKind;
  readonly why: string;
  /**
   * True if the simulator runs although the operator did not choose it, so that only test pictures play. It is logged
   * as a warning.
   */
  readonly isFallback: boolean;
}

/** Injection token of the `DriverChoice`. */
export const DRIVER_CHOICE = 'DRIVER_CHOICE';

/** A Docker Engine that does not answer delays the start by this time at most. */
const PING_MS = 1000;

/**
 * The choices that the error names. With Docker installed, an operator expects real channels, so the simulator is not
 * chosen by itself.
 */
const OTHER_WAYS =
  'or set ENGINE_ADDRESSES to engines that run elsewhere, or ENGINE_DRIVER=simulator to watch the demo channels';

/** True when ENGINE_ADDRESSES lists the engines, so that acefleet does not run them. */
export function usesStaticEngines({
  engineDriver,
  engineAddresses,
}: Pick<EnginesConfig, 'engineDriver' | 'engineAddresses'>): boolean {
  return engineDriver === 'static' || (engineDriver === 'auto' && engineAddresses.length > 0);
}

/**
 * `auto` is `static` when ENGINE_ADDRESSES is set, else `docker` when a Docker Engine answers, else `simulator`.
 *
 * @throws DriverChoiceError when there is a Docker Engine that this process may not use
 */
export async function chooseDriver(
  config: Pick<EnginesConfig, 'engineDriver' | 'engineAddresses' | 'dockerHost'>,
): Promise<DriverChoice> {
  const { engineDriver } = config;
  if (engineDriver !== 'auto') {
    return { kind: engineDriver, why: `ENGINE_DRIVER=${engineDriver}`, isFallback: false };
  }
  if (usesStaticEngines(config)) {
    return { kind: 'static', why: 'ENGINE_ADDRESSES is set', isFallback: false };
  }
  const { isAccessDenied, pingDocker } = loadDockerClient();
  const failure = await pingDocker(config.dockerHost, PING_MS);
  if (failure === null) {
    return { kind: 'docker', why: 'a Docker Engine answers', isFallback: false };
  }
  if (isAccessDenied(failure)) throw new DriverChoiceError(`${failure.message}; ${OTHER_WAYS}`);
  return {
    kind: 'simulator',
    why: `ENGINE_ADDRESSES is empty and no Docker Engine answers (${failure.message}), so only test pictures are played`,
    isFallback: true,
  };
}
