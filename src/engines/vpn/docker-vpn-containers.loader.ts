import type * as docker from './docker-vpn-containers';

/**
 * Loaded on demand, because it also loads the Docker client. Called while Nest creates the modules, before the server
 * listens.
 */
export function loadDockerVpnContainers(): typeof docker {
  return require('./docker-vpn-containers') as typeof docker;
}
