import type { EngineUsage } from '../engine-runtime.port';

/** The fields of Docker's statistics that are used here. Each may be missing: containers end, and kernels differ. */
export interface ContainerSample {
  /** Time of the sample by Docker's clock. */
  readonly read: string;
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } | null } | null;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly stats?: Readonly<Record<string, number>> | null;
  } | null;
  /** Missing for a container in the network of another one. */
  readonly networks?: Readonly<Record<string, { rx_bytes?: number; tx_bytes?: number }>> | null;
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { op: string; value: number }[] | null;
  } | null;
}

/**
 * The usage of a container from two samples. Processor time is divided by elapsed time, so 100 is one core on any
 * machine. Memory excludes the file cache that the kernel can take back (as `docker stats` does):
 * `total_inactive_file` of cgroup v1, `inactive_file` of v2.
 */
export function containerUsage(
  earlier: ContainerSample,
  later: ContainerSample,
  memoryLimitBytes: number,
): EngineUsage {
  const networks = Object.values(later.networks ?? {});
  const transfers = later.blkio_stats?.io_service_bytes_recursive ?? [];
  const transferred = (op: string): number =>
    sum(transfers.filter((entry) => entry.op.toLowerCase() === op).map((entry) => entry.value));
  return {
    cpuPercent: cpuPercent(earlier, later),
    memoryBytes: memoryBytes(later),
    memoryLimitBytes,
    networkRxBytes: sum(networks.map((network) => network.rx_bytes)),
    networkTxBytes: sum(networks.map((network) => network.tx_bytes)),
    blockReadBytes: transferred('read'),
    blockWriteBytes: transferred('write'),
  };
}

/** 0 when the process ended or was restarted between the samples. */
function cpuPercent(earlier: ContainerSample, later: ContainerSample): number {
  const usedNs = totalUsageNs(later) - totalUsageNs(earlier);
  const passedNs = (Date.parse(later.read) - Date.parse(earlier.read)) * 1e6;
  if (!(usedNs > 0) || !(passedNs > 0)) return 0;
  return Math.round((usedNs / passedNs) * 1000) / 10;
}

function totalUsageNs(sample: ContainerSample): number {
  return sample.cpu_stats?.cpu_usage?.total_usage ?? 0;
}

function memoryBytes(sample: ContainerSample): number {
  const { usage = 0, stats } = sample.memory_stats ?? {};
  const cache = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0;
  return Math.max(0, usage - cache);
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce((total: number, value) => total + (value ?? 0), 0);
}
