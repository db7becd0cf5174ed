import type * as dockerClient from './docker-client';
import type * as docker from './docker/docker-runtime';
import type * as simulator from './simulator/simulator-runtime';
import type * as swarm from './swarm/swarm-runtime';

/*
 * Loads the code of the driver in use and of no other. These functions are called while Nest creates the modules, before
 * the server listens, because a later build may replace the files of a running process.
 */

export function loadDockerClient(): typeof dockerClient {
  return require('./docker-client') as typeof dockerClient;
}

export function loadDockerRuntime(): typeof docker {
  return require('./docker/docker-runtime') as typeof docker;
}

export function loadSwarmRuntime(): typeof swarm {
  return require('./swarm/swarm-runtime') as typeof swarm;
}

export function loadSimulatorRuntime(): typeof simulator {
  return require('./simulator/simulator-runtime') as typeof simulator;
}
