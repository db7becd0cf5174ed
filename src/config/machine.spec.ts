import { descriptorLimit, type Machine, usableMemoryBytes } from './machine';

const GIB = 1024 ** 3;

function aMachine(files: Record<string, string>): Machine {
  return { totalMemoryBytes: () => 8 * GIB, readText: (path) => files[path] ?? null };
}

describe('usableMemoryBytes', () => {
  it.each<[string, Record<string, string>, number]>([
    ['no control groups', {}, 8],
    ['second generation, limited', { '/sys/fs/cgroup/memory.max': `${2 * GIB}\n` }, 2],
    ['second generation, not limited', { '/sys/fs/cgroup/memory.max': 'max\n' }, 8],
    [
      'second generation, a group above is the tighter one',
      {
        '/proc/self/cgroup': '0::/system.slice/acefleet.service\n',
        '/sys/fs/cgroup/system.slice/memory.max': `${GIB}`,
        '/sys/fs/cgroup/system.slice/acefleet.service/memory.max': `${4 * GIB}`,
      },
      1,
    ],
    [
      'first generation, in a container',
      { '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${3 * GIB}` },
      3,
    ],
    [
      'first generation, own group',
      {
        '/proc/self/cgroup': '5:cpu,cpuacct:/a\n4:memory:/a/b\n0::/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
        '/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': `${5 * GIB}`,
      },
      5,
    ],
    ['a limit above the memory there is', { '/sys/fs/cgroup/memory.max': `${64 * GIB}` }, 8],
    ['files with nonsense', { '/sys/fs/cgroup/memory.max': '', '/proc/self/cgroup': '::\nx' }, 8],
  ])('%s', (_, files, gib) => {
    expect(usableMemoryBytes(aMachine(files))).toBe(gib * GIB);
  });
});

describe('descriptorLimit', () => {
  const line = (soft: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax processes  7  7  processes\nMax open files            ${soft}                 524288               files\n`;

  it.each<[string, Record<string, string>, number | null]>([
    ['as the kernel reports it', { '/proc/self/limits': line('1024') }, 1024],
    ['none', { '/proc/self/limits': line('unlimited') }, null],
    ['unknown', {}, null],
  ])('is %s', (_, files, limit) => {
    expect(descriptorLimit(aMachine(files))).toBe(limit);
  });
});
