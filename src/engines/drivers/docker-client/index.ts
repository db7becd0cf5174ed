export type {
  ContainerCreateOptions,
  ContainerInfo,
  ContainerInspectInfo,
  HostConfig,
  NetworkInspectInfo,
} from 'dockerode';
export { type ContainerNetworks, networksOf } from './container-networks';
export {
  DockerClient,
  type DockerEventFilters,
  type DockerSystemInfo,
  type DockerVersionInfo,
} from './docker-client';
export type { Done } from './docker-api';
export type { DockerContainers } from './docker-containers';
export { DockerError, isAbsent, isAccessDenied } from './docker-error';
export type { DockerEvent } from './docker-event';
export { DockerEvents, type DockerEventsListener, type DockerEventsTiming } from './docker-events';
export type { DockerImage, DockerImages } from './docker-images';
export type { DockerNetworks } from './docker-networks';
export type { DockerSwarm } from './docker-swarm';
export { DOCKER_TUNING, type DockerTuning } from './docker-tuning';
export type { OwnContainer, OwnNetwork } from './own-container';
export { pingDocker } from './ping-docker';
export type { PullProgress } from './pull-progress';
export type {
  SwarmNode,
  SwarmService,
  SwarmServiceSpec,
  SwarmTask,
  SwarmTaskFilters,
  SwarmTaskState,
} from './swarm.types';
