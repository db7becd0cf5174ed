import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Members of a group may use the socket, when its mode has this bit. */
const GROUP_WRITABLE = 0o020;

const ROOT_GID = 0;

/** What there is to know about a socket that this process may not use. */
export interface SocketFacts {
  readonly path: string;
  /** Null when not even that may be seen. */
  readonly socket: { readonly gid: number; readonly mode: number } | null;
  /** Null: this user has no name here, as in a container. */
  readonly user: string | null;
  /** As /etc/group says. */
  readonly groups: readonly SystemGroup[];
}

export interface SystemGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Why this process may not use Docker's socket, and the command that mends it, in one line. */
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
