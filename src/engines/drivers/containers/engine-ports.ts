/** The purposes for which an engine opens ports. */
export type PortName = 'http' | 'https' | 'api' | 'p2p';

/** Ports inside the network of the engine; null if the engine is not known to listen for that purpose. */
export interface EnginePorts {
  /** Playback, statistics, commands. */
  readonly http: number;
  /** As `http`; engines open it only when they are also given a certificate. */
  readonly https: number | null;
  /** The old line protocol. */
  readonly api: number | null;
  /** TCP and UDP to other peers. */
  readonly p2p: number | null;
}

/** The ports of an engine without port options (from the engine's own documentation). */
export const DEFAULT_PORTS = { http: 6878, https: 6879, api: 62_062, p2p: 8621 } as const;

export const PORT_NAMES = ['http', 'https', 'api', 'p2p'] as const satisfies readonly PortName[];

/** The options of the real engine that set its ports. */
export function portOptions({ http, https, api, p2p }: EnginePorts): string[] {
  const options = [
    ['--http-port', http],
    ['--https-port', https],
    ['--api-port', api],
    ['--port', p2p],
  ] as const;
  return options.flatMap(([option, port]) => (port === null ? [] : [option, String(port)]));
}

const placeholder = (name: PortName): string => `{${name}_port}`;

/** The ports whose placeholders occur in these arguments, each once. */
export function mentionedPorts(args: readonly string[]): readonly PortName[] {
  return PORT_NAMES.filter((name) => args.some((arg) => arg.includes(placeholder(name))));
}

/** The ports that the real engine opens: HTTPS only when its arguments mention it, because it also needs a certificate. */
export function realEnginePorts(args: readonly string[]): readonly PortName[] {
  const mentionsHttps = mentionedPorts(args).includes('https');
  return PORT_NAMES.filter((name) => name !== 'https' || mentionsHttps);
}

/**
 * Replaces each `{…_port}` by that port of the engine. Other text in braces stays, because options may hold JSON. The
 * placeholder of a port that the engine does not have stays as well.
 */
export function fillPorts(args: readonly string[], ports: EnginePorts): string[] {
  return args.map((arg) =>
    arg.replace(/\{(http|https|api|p2p)_port\}/g, (whole, name: PortName) =>
      ports[name] === null ? whole : String(ports[name]),
    ),
  );
}
