import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Short, because the path of a unix socket may have 107 characters, and containerd creates some in subfolders. */
export const FOLDER_PREFIX = '/tmp/afd-';

/** Networks 10.N.0.0/16 for the daemons of tests. */
const FIRST_NETWORK = 220;
const LAST_NETWORK = 250;

const SHARED_BRIDGE = 'docker_gwbridge';

/** Reserves a network that no interface of this machine and no other daemon of tests uses. @returns `10.N` */
export function freeNetwork(folder: string): string {
  const taken = [
    ...interfaces().flatMap(({ addresses }) => addresses),
    ...folders().map((other) => `${readText(join(other, 'network'))}.`),
  ];
  for (let octet = FIRST_NETWORK; octet <= LAST_NETWORK; octet += 1) {
    const network = `10.${octet}`;
    if (taken.some((address) => address.startsWith(`${network}.`))) continue;
    writeFileSync(join(folder, 'network'), network);
    return network;
  }
  throw new Error('every network for daemons of tests is in use');
}

/** @returns the name of a bridge that has the network's first address */
export function makeBridge(folder: string, network: string): string {
  // Names of interfaces have 15 characters at most.
  const name = `afd${basename(folder).slice(-6)}`;
  ip('link', 'add', name, 'type', 'bridge');
  ip('address', 'add', `${network}.0.1/24`, 'dev', name);
  ip('link', 'set', name, 'up');
  return name;
}

/**
 * Identifies a process by its pid and its start time, because the pid may be reused. @returns null if there is no such
 * process
 */
export function identityOf(pid: number | string): string | null {
  const [, rest] = readText(`/proc/${pid}/stat`).split(/\) (?=\S \d)/);
  // After the name, the state is the first field and the start time the twentieth.
  const startedAt = rest?.split(' ')[19];
  return startedAt === undefined ? null : `${pid} ${startedAt}`;
}

/** Removes what interrupted tests left behind. */
export async function sweepRemains(): Promise<void> {
  for (const folder of folders()) {
    const owner = readText(join(folder, 'owner'));
    if (owner !== '' && identityOf(owner.split(' ')[0]!) !== owner) await clearRemains(folder);
  }
}

/** Ends every process, mount and bridge of the daemon in this folder, and removes the folder. */
export async function clearRemains(folder: string): Promise<void> {
  await endProcesses(folder);
  for (const mount of mountsBelow(folder)) {
    execFileSync('umount', ['--lazy', mount], { stdio: 'ignore' });
  }
  removeCgroups(basename(folder));
  const network = readText(join(folder, 'network'));
  if (network !== '') {
    for (const { name, addresses } of interfaces()) {
      const own = addresses.filter((address) => address.startsWith(`${network}.`));
      // A Swarm uses a bridge of this name even if it belongs to another Docker Engine.
      if (name === SHARED_BRIDGE)
        for (const address of own) ip('address', 'delete', address, 'dev', name);
      else if (own.length > 0) ip('link', 'delete', name);
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/**
 * The command lines of the daemons and of containerd's shims contain the folder. Programs in containers are children of
 * shims, and would be left to process 1.
 */
async function endProcesses(folder: string): Promise<void> {
  const mine = (): number[] => {
    const all = processes();
    const roots = all.filter(({ command }) => command.includes(`${folder}/`)).map(({ pid }) => pid);
    const children = all.filter(({ parent }) => roots.includes(parent)).map(({ pid }) => pid);
    return [...new Set([...roots, ...children])].filter((pid) => pid !== process.pid);
  };
  for (let round = 0; round < 50; round += 1) {
    const pids = mine();
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // The process ended by itself meanwhile.
      }
    }
    await delay(100);
  }
  throw new Error(`processes of ${folder} do not end: ${mine().join(' ')}`);
}

/** Version 1 of control groups has a tree for each controller, version 2 one for all. */
function removeCgroups(parent: string): void {
  const root = '/sys/fs/cgroup';
  const trees = [root, ...readdirSync(root).map((name) => join(root, name))];
  for (const tree of trees.map((path) => join(path, parent)).filter((path) => existsSync(path))) {
    execFileSync('find', [tree, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      // `pid (name) state parent …`, and the name may hold anything.
      parent: Number(
        readText(`/proc/${name}/stat`)
          .replace(/^.*\) \S /s, '')
          .split(' ')[0],
      ),
      command: readText(`/proc/${name}/cmdline`).replaceAll('\0', ' '),
    }));
}

/** The deepest first. */
function mountsBelow(folder: string): string[] {
  return readText('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}

interface Interface {
  readonly name: string;
  /** `10.220.0.1/24` */
  readonly addresses: readonly string[];
}

function interfaces(): Interface[] {
  const links = JSON.parse(ip('-json', 'address')) as {
    ifname?: string;
    addr_info?: { local?: string; prefixlen?: number }[];
  }[];
  return links.map(({ ifname = '', addr_info = [] }) => ({
    name: ifname,
    addresses: addr_info.map(({ local = '', prefixlen = 32 }) => `${local}/${prefixlen}`),
  }));
}

function folders(): string[] {
  const parent = dirname(FOLDER_PREFIX);
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path.startsWith(FOLDER_PREFIX));
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
