import { type EnginePorts, type PortName } from './engine-ports';

/** What a container is started with. */
export interface EngineLaunch {
  /** The command (Docker's `Cmd`), which the image's entry point is given; null: the image's own. */
  readonly command: readonly string[] | null;
  /** `NAME=value` each. */
  readonly env: readonly string[];
}

/** Architectures by the names that images have for them. */
export type Architecture = 'amd64' | 'arm64' | 'arm';

/** Values of ENGINE_PROFILE, without the one that leaves the choice to us. */
export type ProfileName = 'acestream-http-proxy' | 'aceserve' | 'generic';

/** How one kind of image is told its ports and options. */
export interface ImageProfile {
  /** The image that it is written for; null: there is none, the operator names one. */
  readonly image: string | null;
  /** What that image is built for. */
  readonly architectures: readonly Architecture[];
  /**
   * The ports that an engine opens. Engines that share a network need one of each for themselves.
   *
   * @param args ENGINE_ARGS, split
   */
  opens(args: readonly string[]): readonly PortName[];
  /** @param args ENGINE_ARGS, split, with this engine's ports filled in */
  launch(ports: EnginePorts, args: readonly string[]): EngineLaunch;
}

/** Options of the real engine that set its ports, in words of their own each. */
export function portOptions({ http, https, api, p2p }: EnginePorts): string[] {
  const options = [
    ['--http-port', http],
    ['--https-port', https],
    ['--api-port', api],
    ['--port', p2p],
  ] as const;
  return options.flatMap(([option, port]) => (port === null ? [] : [option, String(port)]));
}
