import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const UNIX_SCHEME = 'unix://';

/** Where a Docker Engine listens. IPv6 addresses are without brackets. */
export type DockerEndpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Reads DOCKER_HOST: `unix:///path`, `tcp://host:port` or `http://host:port`. Its form was checked with the
 * settings. Null and empty mean Docker's default socket.
 */
export function dockerEndpoint(dockerHost: string | null): DockerEndpoint {
  if (dockerHost === null || dockerHost === '') return { kind: 'socket', path: DEFAULT_SOCKET };
  if (dockerHost.startsWith(UNIX_SCHEME)) {
    return { kind: 'socket', path: dockerHost.slice(UNIX_SCHEME.length) };
  }
  // URL knows no default port for tcp:, but it drops 80 from http:.
  const url = new URL(dockerHost);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { kind: 'tcp', host, port: url.port === '' ? 80 : Number(url.port) };
}

/** For messages to the operator. */
export function endpointText(endpoint: DockerEndpoint): string {
  if (endpoint.kind === 'socket') return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host at which acefleet reaches ports that this Docker Engine publishes. */
export function publishedHost(endpoint: DockerEndpoint): string {
  return endpoint.kind === 'socket' ? '127.0.0.1' : endpoint.host;
}

/** With this bit in its mode, members of the socket's group may use the socket. */
const GROUP_WRITABLE = 0o020;

const ROOT_GID = 0;

/** What is known about a socket that this process may not use. */
export interface SocketFacts {
  readonly path: string;
  /** Null if this process may not read the group and mode of the socket. */
  readonly socket: { readonly gid: number; readonly mode: number } | null;
  /** Null: this user has no name on this system, as in a container. */
  readonly user: string | null;
  /** From /etc/group. */
  readonly groups: readonly SystemGroup[];
}

export interface SystemGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Why this process may not use Docker's socket and which command fixes it, in one line. */
export function accessAdvice({ path, socket, user, groups }: SocketFacts): string {
  const group = groups.find(({ gid }) => gid === socket?.gid);
  const who = user === null ? 'this user' : `user ${user}`;
  if (socket !== null && socket.gid !== ROOT_GID && group === undefined) {
    return `${who} is not in its group ${socket.gid}: docker run --group-add ${socket.gid}`;
  }
  const isOpenToGroup = socket === null || (socket.mode & GROUP_WRITABLE) !== 0;
  const isUsable = isOpenToGroup && socket?.gid !== ROOT_GID;
  const name = group === undefined || group.gid === ROOT_GID ? 'docker' : group.name;
  if (isUsable && user !== null && group?.members.includes(user) === true) {
    return `${who} is in group ${name}, but was not yet when this session began: log in again`;
  }
  const open = isUsable ? '' : `sudo chgrp ${name} ${path} && sudo chmod 660 ${path} && `;
  const join = `sudo usermod -aG ${name} ${user ?? '$USER'}`;
  return `${who} is not in group ${name} that may use it: ${open}${join}, then log in again`;
}

export function readSocketFacts(path: string): SocketFacts {
  return {
    path,
    socket: attempt(() => statSync(path)),
    user: attempt(() => userInfo().username),
    groups: attempt(readGroups) ?? [],
  };
}

function readGroups(): SystemGroup[] {
  return readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , gid = '', members = '']) => ({
      name,
      gid: Number(gid),
      members: members.split(',').filter((one) => one !== ''),
    }));
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
