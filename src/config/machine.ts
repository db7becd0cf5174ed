import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** What the configuration needs to know of the machine; replaced in tests. */
export interface Machine {
  totalMemoryBytes(): number;
  /** Whole text of a file, or null when it cannot be read. */
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
 * Memory that this process may use: the machine's, or less when a control group limits it. Both
 * generations of control groups are read, at the process's own group and at each group above it,
 * because a limit anywhere on the way up counts.
 */
export function usableMemoryBytes(machine: Machine): number {
  const limits = limitFiles(machine.readText('/proc/self/cgroup') ?? '')
    .map((path) => readLimit(machine.readText(path)))
    .filter((limit) => limit !== null);
  return Math.min(machine.totalMemoryBytes(), ...limits);
}

/** Most files that this process may have open; null where the kernel does not say, or knows no limit. */
export function descriptorLimit(machine: Machine = THIS_MACHINE): number | null {
  const limits = machine.readText('/proc/self/limits') ?? '';
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** Lines are `id:controllers:path`; the second generation's has id 0 and no controllers. */
function limitFiles(ownGroups: string): string[] {
  // The roots come first: inside a container they are the container's own group, whatever
  // /proc/self/cgroup says about the path outside.
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

/** `max` (second generation) means no limit; the first generation writes a huge number instead. */
function readLimit(text: string | null): number | null {
  const limit = Number(text?.trim() || Number.NaN);
  return Number.isFinite(limit) && limit > 0 ? limit : null;
}
