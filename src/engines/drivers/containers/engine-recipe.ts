import type { AppConfig } from '../../../config';
import { aceserveProfile } from './aceserve.profile';
import { acestreamHttpProxyProfile } from './acestream-http-proxy.profile';
import { fillPorts } from './engine-arguments';
import { DEFAULT_PORTS, type EnginePorts, type PortName } from './engine-ports';
import { genericProfile } from './generic.profile';
import {
  type Architecture,
  type EngineLaunch,
  type ImageProfile,
  type ProfileName,
} from './image-profile';
import { specHash } from './spec-hash';

export type RecipeConfig = Pick<
  AppConfig,
  | 'engineProfile'
  | 'engineImage'
  | 'engineArgs'
  | 'engineMemoryLimitBytes'
  | 'engineReach'
  | 'dockerNetwork'
  | 'vpnContainers'
  | 'swarmConstraints'
>;

/** What the settings say about engines in containers, the same for Docker and for a Swarm. */
export interface EngineRecipe {
  readonly profile: ProfileName;
  /** With a tag or a digest always: a pull without one would fetch every tag there is. */
  readonly imageReference: string;
  readonly specHash: string;
  /** What the image is built for; empty: unknown, the operator chose it. */
  readonly architectures: readonly Architecture[];
  /** The ports that an engine opens: one of each out of the range of the network that it shares with others. */
  readonly portNames: readonly PortName[];
  /** The ports of an engine in a network of its own. */
  readonly ownPorts: EnginePorts;
  /**
   * Why the image cannot run there, or null. Says nothing of images that the operator chose.
   *
   * @param architecture the daemon's, by either of its names (`x86_64`, `amd64`)
   */
  imageObjection(architecture: string): string | null;
  /** Why engines cannot share a network with others, or null. */
  seatObjection(): string | null;
  launch(ports: EnginePorts): EngineLaunch;
}

const PROFILES: Readonly<Record<ProfileName, ImageProfile>> = {
  'acestream-http-proxy': acestreamHttpProxyProfile,
  aceserve: aceserveProfile,
  generic: genericProfile,
};

/** Docker tells the kernel's names, images have those of Go. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  arm: 'arm',
};

/** Of those that can run, the first is taken. */
const PREFERRED: readonly ProfileName[] = ['acestream-http-proxy', 'aceserve'];
const DEFAULT_PROFILE: ProfileName = 'acestream-http-proxy';

/** Whether the machine that engines run on has a say in what they are made of. */
export function isProfileOpen(
  config: Pick<RecipeConfig, 'engineProfile' | 'engineImage'>,
): boolean {
  return config.engineProfile === 'auto' && config.engineImage === null;
}

/** @param architecture of the Docker Engine, by either of its names; null: not known */
export function engineRecipe(
  config: RecipeConfig,
  runtime: 'docker' | 'swarm',
  architecture: string | null = null,
): EngineRecipe {
  const name = chooseProfile(config, architecture);
  const profile = PROFILES[name];
  const imageReference = withTag(config.engineImage ?? profile.image ?? '');
  const portNames = profile.opens(config.engineArgs);
  const architectures = config.engineImage === null ? profile.architectures : [];
  return {
    profile: name,
    imageReference,
    specHash: specHash({ runtime, imageReference, profile: name, ...specFacts(config, runtime) }),
    architectures,
    portNames,
    ownPorts: ownPorts(portNames),
    imageObjection: (machine) => {
      const known = archOf(machine);
      const isBuilt = known !== undefined && architectures.includes(known);
      if (isBuilt || architectures.length === 0) return null;
      return `${imageReference} is not built for ${machine}: choose another ENGINE_PROFILE or ENGINE_IMAGE`;
    },
    seatObjection: () =>
      portNames.includes('http')
        ? null
        : 'engines behind a VPN need ports of their own: ENGINE_ARGS says no {http_port}',
    launch: (ports) => profile.launch(ports, fillPorts(config.engineArgs, ports)),
  };
}

function chooseProfile(config: RecipeConfig, architecture: string | null): ProfileName {
  if (config.engineProfile !== 'auto') return config.engineProfile;
  if (config.engineImage !== null) {
    const repository = repositoryOf(config.engineImage);
    const isOfProfile = (name: ProfileName): boolean =>
      repositoryOf(PROFILES[name].image ?? '') === repository;
    return PREFERRED.find(isOfProfile) ?? DEFAULT_PROFILE;
  }
  const known = architecture === null ? undefined : archOf(architecture);
  const runsThere = (name: ProfileName): boolean =>
    known !== undefined && PROFILES[name].architectures.includes(known);
  return PREFERRED.find(runsThere) ?? DEFAULT_PROFILE;
}

function archOf(architecture: string): Architecture | undefined {
  return Object.hasOwn(ARCHITECTURES, architecture) ? ARCHITECTURES[architecture] : undefined;
}

/** An image's name without tag, digest and the registry that Docker asks when none is named. */
function repositoryOf(reference: string): string {
  return reference
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
    .replace(/^(?:index\.)?docker\.io\//, '');
}

function specFacts(config: RecipeConfig, runtime: 'docker' | 'swarm') {
  return {
    args: config.engineArgs,
    memoryLimitBytes: config.engineMemoryLimitBytes,
    reach: config.engineReach,
    network: config.dockerNetwork,
    isBehindVpn: config.vpnContainers.length > 0,
    constraints: runtime === 'swarm' ? config.swarmConstraints : [],
  };
}

/** Every engine answers HTTP somewhere: at the usual port when its options say nothing of it. */
function ownPorts(names: readonly PortName[]): EnginePorts {
  const port = (name: PortName): number | null =>
    names.includes(name) ? DEFAULT_PORTS[name] : null;
  return { http: DEFAULT_PORTS.http, https: port('https'), api: port('api'), p2p: port('p2p') };
}

/** What is pulled under this name. A colon in the first part may be that of a registry's port. */
export function withTag(reference: string): string {
  const lastPart = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(lastPart) ? reference : `${reference}:latest`;
}
