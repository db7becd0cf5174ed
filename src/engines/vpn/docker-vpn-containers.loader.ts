import type * as docker from './docker-vpn-containers';

/** Loads the client of Docker, too. Called while the modules are put together, before the server listens. */
export function loadDockerVpnContainers(): typeof docker {
  return require('./docker-vpn-containers') as typeof docker;
}
