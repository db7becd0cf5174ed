const DEFAULT_SOCKET = '/var/run/docker.sock';
const UNIX_SCHEME = 'unix://';

/** Where a Docker Engine listens. */
export type DockerEndpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Reads DOCKER_HOST: `unix:///path`, `tcp://host:port` or `http://host:port`. Its form was checked with the
 * settings. Null and empty mean the socket that Docker makes by default.
 */
export function dockerEndpoint(dockerHost: string | null): DockerEndpoint {
  if (dockerHost === null || dockerHost === '') return { kind: 'socket', path: DEFAULT_SOCKET };
  if (dockerHost.startsWith(UNIX_SCHEME)) {
    return { kind: 'socket', path: dockerHost.slice(UNIX_SCHEME.length) };
  }
  // URL knows no default port for tcp:, but it drops 80 from http:.
  const url = new URL(dockerHost);
  return { kind: 'tcp', host: url.hostname, port: url.port === '' ? 80 : Number(url.port) };
}

/** In words, for messages. */
export function endpointText(endpoint: DockerEndpoint): string {
  return endpoint.kind === 'socket' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

/** Under which ports that this Docker Engine publishes are reached from here; IPv6 addresses without brackets. */
export function publishedHost(endpoint: DockerEndpoint): string {
  return endpoint.kind === 'socket' ? '127.0.0.1' : endpoint.host.replace(/^\[|\]$/g, '');
}
