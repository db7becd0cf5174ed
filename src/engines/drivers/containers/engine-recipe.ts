import { createHash } from 'node:crypto';
import type { AppConfig } from '../../../config';
import { DEFAULT_PORTS, type EnginePorts, fillPorts, type PortName } from './engine-ports';
import { launchSettings, type LimitConfig } from './engine-limits';
import {
  type Architecture,
  type ContainerLaunch,
  type ProfileName,
  PROFILES,
} from './image-profiles';

/** An engine has a few hundred threads at most. A container with thousands is broken or hostile. */
export const PIDS_LIMIT = 1024;

/** Seconds until an engine that is stopped is killed. Engines save nothing that is worth a longer wait. */
export const STOP_GRACE_S = 3;

/** Engines write a line per request and peer, so without a limit they would fill the disk of their host. */
export const LOGGING = {
  driver: 'json-file',
  options: { 'max-size': '10m', 'max-file': '2' },
};

/** Docker counts processors in billionths. */
export function nanoCpus(processors: number): number {
  return Math.round(processors * 1e9);
}

export type RecipeConfig = Pick<
  AppConfig,
  | 'engineProfile'
  | 'engineImage'
  | 'engineArgs'
  | 'engineEnv'
  | 'engineCpuLimit'
  | 'engineMemoryLimitBytes'
  | 'engineReach'
  | 'dockerNetwork'
  | 'vpnContainers'
  | 'swarmConstraints'
> &
  LimitConfig;

/** How the settings say that engines in containers are created, both for Docker and for a Swarm. */
export interface EngineRecipe {
  readonly profile: ProfileName;
  /** Always with a tag or a digest: a pull without one would fetch every tag of the image. */
  readonly imageReference: string;
  readonly specHash: string;
  /** The architectures for which the image is built; empty: unknown, because the operator chose the image. */
  readonly architectures: readonly Architecture[];
  /** The ports that an engine opens. If engines share a network, each engine needs its own ports. */
  readonly portNames: readonly PortName[];
  /** The ports of an engine that has its own network. */
  readonly ownPorts: EnginePorts;
  /**
   * Why the image cannot run on this machine, or null. Always null for an image that the operator chose.
   *
   * @param architecture of the Docker Engine, under either name (`x86_64`, `amd64`)
   */
  imageObjection(architecture: string): string | null;
  /** Why engines cannot share a network with others, or null. */
  sharedNetworkObjection(): string | null;
  /** True if engines can be told their limits; see `engine-limits.ts`. Limits are no part of `specHash`. */
  readonly takesLimits: boolean;
  launch(ports: EnginePorts): ContainerLaunch;
}

/** Docker reports the kernel's name of an architecture, and images carry Go's name. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  arm: 'arm',
};

/** The first of these that can run on the machine is used. */
const PREFERRED: readonly ProfileName[] = ['acestream-http-proxy', 'aceserve'];
const DEFAULT_PROFILE: ProfileName = 'acestream-http-proxy';

/** True when the architecture of the Docker Engine decides the profile. */
export function isProfileAutomatic(
  config: Pick<RecipeConfig, 'engineProfile' | 'engineImage'>,
): boolean {
  return config.engineProfile === 'auto' && config.engineImage === null;
}

/** @param architecture of the Docker Engine, under either name; null: unknown */
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
    sharedNetworkObjection: () =>
      portNames.includes('http')
        ? null
        : 'engines behind a VPN need their own ports: ENGINE_ARGS does not contain {http_port}',
    takesLimits: profile.takesOptions,
    launch: (ports) => {
      const args = fillPorts(config.engineArgs, ports);
      const { options, labels } = profile.takesOptions
        ? launchSettings(config)
        : { options: [], labels: {} };
      // ENGINE_ARGS come last: when an option is repeated, engines use the last one.
      const { command, env } = profile.launch(ports, [...options, ...args]);
      return { command, env: [...config.engineEnv, ...env], labels };
    },
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

/** An image's name without its tag, its digest and Docker's default registry. */
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
    // Left out if not set, so that engines of an earlier version, which knew neither, keep their hash.
    ...(config.engineEnv.length === 0 ? {} : { env: config.engineEnv }),
    ...(config.engineCpuLimit === 0 ? {} : { cpuLimit: config.engineCpuLimit }),
  };
}

/** Every engine listens for HTTP: at the default port when its options do not mention that port. */
function ownPorts(names: readonly PortName[]): EnginePorts {
  const port = (name: PortName): number | null =>
    names.includes(name) ? DEFAULT_PORTS[name] : null;
  return { http: DEFAULT_PORTS.http, https: port('https'), api: port('api'), p2p: port('p2p') };
}

/** The reference that is pulled for this name. A colon before the last slash belongs to the port of a registry. */
export function withTag(reference: string): string {
  const lastPart = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(lastPart) ? reference : `${reference}:latest`;
}

export type SpecValue = string | number | boolean | null | readonly SpecValue[];

/**
 * A hash of 16 hex digits that does not depend on the order of the facts. A shortened SHA-256 suffices, because it only
 * has to distinguish the current settings from earlier ones.
 */
export function specHash(facts: Readonly<Record<string, SpecValue>>): string {
  const sorted = Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}
