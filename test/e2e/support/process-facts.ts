import { readdirSync, readFileSync } from 'node:fs';

/** How many files, sockets among them, a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Most memory that a process has ever held, bytes. */
export function peakMemoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Processes that a process has started, with their command lines. */
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
