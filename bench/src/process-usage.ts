import fs from 'node:fs';

/** Linux reports CPU time to programs in ticks of this length, whatever the kernel's own rate. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
const LISTENING = '0A';

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  const children = listDirectory(`/proc/${pid}/task`)
    .flatMap((thread) => readText(`/proc/${pid}/task/${thread}/children`).split(' '))
    .filter((child) => child !== '');
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/**
 * Selects the server's processes from those of a started program: the process that listens on `port` and its
 * descendants, without a launcher that started it. All processes if none is found to listen.
 */
export function serverProcesses(pid: number, port: number): number[] {
  const inodes = listeningInodes(port);
  const tree = processTree(pid);
  const listener = tree.find((candidate) =>
    listDirectory(`/proc/${candidate}/fd`).some((fd) =>
      inodes.has(readLink(`/proc/${candidate}/fd/${fd}`)),
    ),
  );
  return listener === undefined ? tree : processTree(listener);
}

/** CPU seconds (user and system, all threads) of the processes since their start. */
export function cpuSeconds(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const stat = readText(`/proc/${pid}/stat`);
    // The name in brackets may contain blanks, so fields are counted from the closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
  });
}

/** Current resident memory of the processes, in MB of 10^6 bytes. */
export function residentMb(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const pages = Number(readText(`/proc/${pid}/statm`).split(' ')[1] ?? 0);
    return (pages * PAGE_BYTES) / 1e6;
  });
}

function listeningInodes(port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readText(file).split('\n'));
  const sockets = lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) === true && fields[3] === LISTENING);
  return new Set(sockets.map((fields) => `socket:[${fields[9] ?? ''}]`));
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** A process may end between two reads: a file that cannot be read counts as empty. */
function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listDirectory(path: string): string[] {
  try {
    return fs.readdirSync(path);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    return '';
  }
}
