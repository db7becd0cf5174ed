import { readdirSync, readFileSync } from 'node:fs';

/** Number of open files of a process, including sockets. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Peak memory of a process, bytes. */
export function peakMemoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Child processes of a process, with their command lines. */
export function childrenOf(pid: number): { readonly pid: number; readonly command: string }[] {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return ids
    .split(' ')
    .filter((id) => id !== '')
    .map((id) => ({
      pid: Number(id),
      command: readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' '),
    }));
}
