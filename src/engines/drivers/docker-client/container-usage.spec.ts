import { containerUsage, type ContainerSample } from './container-usage';

function sample(read: string, cpuNs: number, more: Partial<ContainerSample> = {}): ContainerSample {
  return { read, cpu_stats: { cpu_usage: { total_usage: cpuNs } }, ...more };
}

const T0 = '2026-01-01T00:00:00.000000000Z';
const T2 = '2026-01-01T00:00:02.000000000Z';

describe('containerUsage', () => {
  it.each([
    ['one core', 2e9, 100],
    ['one core and a half', 3e9, 150],
    ['almost no load', 2e6, 0.1],
    ['nothing', 0, 0],
  ])('counts %s', (_, usedNs, percent) => {
    expect(containerUsage(sample(T0, 5e9), sample(T2, 5e9 + usedNs), 0).cpuPercent).toBe(percent);
  });

  it.each<[string, ContainerSample, ContainerSample]>([
    ['was restarted', sample(T0, 5e9), sample(T2, 1e9)],
    ['ended', sample(T0, 5e9), { read: '0001-01-01T00:00:00Z' }],
    ['has two samples of the same time', sample(T0, 5e9), sample(T0, 6e9)],
    ['has no sample times', sample('', 5e9), sample('', 6e9)],
  ])('is 0 for a container that %s', (_, earlier, later) => {
    expect(containerUsage(earlier, later, 0).cpuPercent).toBe(0);
  });

  it.each([
    ['cgroup v1', { total_inactive_file: 30, inactive_file: 7 }, 70],
    ['cgroup v2', { inactive_file: 40 }, 60],
    ['neither', {}, 100],
    ['a cache larger than the total', { inactive_file: 400 }, 0],
  ])('excludes the cache from the memory of %s', (_, stats, bytes) => {
    const later = sample(T2, 0, { memory_stats: { usage: 100, stats } });
    expect(containerUsage(sample(T0, 0), later, 0).memoryBytes).toBe(bytes);
  });

  it('adds up networks and disks', () => {
    const later = sample(T2, 0, {
      networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
      blkio_stats: {
        io_service_bytes_recursive: [
          { op: 'Read', value: 5 },
          { op: 'read', value: 6 },
          { op: 'Write', value: 7 },
          { op: 'Total', value: 99 },
        ],
      },
    });
    expect(containerUsage(sample(T0, 0), later, 1000)).toEqual({
      cpuPercent: 0,
      memoryBytes: 0,
      memoryLimitBytes: 1000,
      networkRxBytes: 11,
      networkTxBytes: 22,
      blockReadBytes: 11,
      blockWriteBytes: 7,
    });
  });

  it('tolerates missing fields', () => {
    const bare = { read: T2, networks: null, blkio_stats: { io_service_bytes_recursive: null } };
    expect(containerUsage({ read: T0 }, bare, 0)).toMatchObject({
      networkRxBytes: 0,
      blockReadBytes: 0,
    });
  });
});
