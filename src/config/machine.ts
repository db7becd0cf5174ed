import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** The facts about the machine that the configuration needs; replaced in tests. */
export interface Machine {
  totalMemoryBytes(): number;
  /** The whole text of a file, or null if it cannot be read. */
  readText(path: string): string | null;
}

export const THIS_MACHINE: Machine = {
  totalMemoryBytes: totalmem,
  readText(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
};

/**
 * Memory that this process may use: the machine's memory, or less if a control group limits it. Both versions of
 * control groups are read, for the process's own group and each group above it, because every limit on that path
 * applies.
 */
export function usableMemoryBytes(machine: Machine): number {
  const limits = limitFiles(machine.readText('/proc/self/cgroup') ?? '')
    .map((path) => readLimit(machine.readText(path)))
    .filter((limit) => limit !== null);
  return Math.min(machine.totalMemoryBytes(), ...limits);
}

/** Maximum number of open files of this process; null if the kernel does not report it, or has no limit. */
export function descriptorLimit(machine: Machine = THIS_MACHINE): number | null {
  const limits = machine.readText('/proc/self/limits') ?? '';
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** Lines have the form `id:controllers:path`; version 2 has id 0 and no controllers. */
function limitFiles(ownGroups: string): string[] {
  // The roots come first: inside a container they are the container's own group, whatever path /proc/self/cgroup
  // shows for the host.
  const files = new Set([
    '/sys/fs/cgroup/memory.max',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  ]);
  for (const line of ownGroups.split('\n')) {
    const [, controllers, path] = line.split(':', 3);
    if (controllers === undefined || path === undefined) continue;
    for (const group of upwards(path)) {
      if (controllers === '') files.add(`/sys/fs/cgroup${group}/memory.max`);
      if (controllers.split(',').includes('memory')) {
        files.add(`/sys/fs/cgroup/memory${group}/memory.limit_in_bytes`);
      }
    }
  }
  return [...files];
}

function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

/** `max` (version 2) means no limit; version 1 writes a huge number instead. */
function readLimit(text: string | null): number | null {
  const limit = Number(text?.trim() || Number.NaN);
  return Number.isFinite(limit) && limit > 0 ? limit : null;
}
