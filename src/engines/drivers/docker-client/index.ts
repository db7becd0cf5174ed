export { DOCKER_TUNING, type DockerTuning, type Done } from './docker-api';
export {
  DockerClient,
  type DockerEventFilters,
  type DockerSystemInfo,
  type DockerVersionInfo,
  pingDocker,
} from './docker-client';
export { DockerError, isAbsent, isAccessDenied } from './docker-error';
export {
  type DockerEvent,
  DockerEvents,
  type DockerEventsListener,
  type DockerEventsTiming,
} from './docker-events';
export type { PullProgress } from './docker-images';
export {
  type ContainerCreateOptions,
  type ContainerInfo,
  type ContainerInspectInfo,
  type ContainerNetworks,
  type ImageInfo,
  networksOf,
  type SwarmNode,
  type SwarmService,
  type SwarmServiceSpec,
  type SwarmTask,
  type SwarmTaskState,
} from './docker-types';
