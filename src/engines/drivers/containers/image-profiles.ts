import {
  type EnginePorts,
  mentionedPorts,
  type PortName,
  portOptions,
  realEnginePorts,
} from './engine-ports';

/** What a container is started with. */
export interface EngineLaunch {
  /** The command (Docker's `Cmd`), which is passed to the image's entry point; null: the command of the image. */
  readonly command: readonly string[] | null;
  /** `NAME=value` each. */
  readonly env: readonly string[];
}

/** What a container is created with, beside its ports. */
export interface ContainerLaunch extends EngineLaunch {
  /** Labels that say with which settings the engine was started. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Architectures by the names that images use. */
export type Architecture = 'amd64' | 'arm64' | 'arm';

/** Values of ENGINE_PROFILE without `auto`. */
export type ProfileName = 'acestream-http-proxy' | 'aceserve' | 'generic';

/** How ports and options are passed to one kind of image. */
export interface ImageProfile {
  /** The image for which the profile is written; null: the operator names one. */
  readonly image: string | null;
  /** The architectures for which that image is built. */
  readonly architectures: readonly Architecture[];
  /** True if the options of engines can be added to ENGINE_ARGS. */
  readonly takesOptions: boolean;
  /**
   * The ports that an engine opens. Engines that share a network need separate ones.
   *
   * @param args ENGINE_ARGS, split
   */
  opens(args: readonly string[]): readonly PortName[];
  /** @param args ENGINE_ARGS, split, with this engine's ports filled in */
  launch(ports: EnginePorts, args: readonly string[]): EngineLaunch;
}

/**
 * martinbjeldbak/acestream-http-proxy. From its Dockerfile and entry point (August 2026): engine 3.2.11 as user 1000,
 * built for amd64 only, with its own init (catatonit, which also works as a child of another init). The entry point
 * puts `--live-cache-type memory --client-console` and EXTRA_FLAGS first, then every argument of the command.
 * ALLOW_REMOTE_ACCESS=yes only adds `--bind-all`. So the command alone is enough, and it keeps arguments with blanks,
 * which EXTRA_FLAGS would split.
 */
const acestreamHttpProxy: ImageProfile = {
  image: 'ghcr.io/martinbjeldbak/acestream-http-proxy:latest',
  architectures: ['amd64'],
  takesOptions: true,
  opens: realEnginePorts,
  launch: (ports, args) => ({
    // ENGINE_ARGS come last: when an option is repeated, engines use the last one.
    command: ['--bind-all', ...portOptions(ports), ...args],
    env: [],
  }),
};

/**
 * Replaces the command of the image jopsis/aceserve: memory for the live cache (100 MiB, otherwise it fills /dev/shm), the
 * log on stdout, no reports to its authors and no search for a home router.
 */
const ACESERVE_COMMAND = [
  ...['python', 'main.py', '--bind-all'],
  ...['--live-cache-type', 'memory', '--live-mem-cache-size', String(100 * 1024 ** 2)],
  ...['--disable-sentry', '--log-stdout', '--disable-upnp'],
];

/**
 * jopsis/aceserve, the engine's Android build. From its Dockerfiles and release script (February 2026): `latest` is one
 * tag for amd64, arm64 and 32-bit arm. It has no entry point, so the command is complete; `main.py` passes its arguments
 * to the engine. It does not run on kernels with pages of 16 KB. Users reported that versions after 3.2.15 fail behind
 * a VPN: set ENGINE_IMAGE to an older tag there.
 */
const aceserve: ImageProfile = {
  image: 'jopsis/aceserve:latest',
  architectures: ['amd64', 'arm64', 'arm'],
  takesOptions: true,
  opens: realEnginePorts,
  launch: (ports, args) => ({
    command: [...ACESERVE_COMMAND, ...portOptions(ports), ...args],
    env: [],
  }),
};

/**
 * Any image. ENGINE_ARGS is its whole command. When ENGINE_ARGS is empty, the command of the image runs and is expected
 * to listen at the engine's usual ports on every address.
 */
const generic: ImageProfile = {
  image: null,
  architectures: [],
  takesOptions: false,
  opens: mentionedPorts,
  launch: (_, args) => ({ command: args.length === 0 ? null : args, env: [] }),
};

export const PROFILES: Readonly<Record<ProfileName, ImageProfile>> = {
  'acestream-http-proxy': acestreamHttpProxy,
  aceserve,
  generic,
};
