import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../../../kernel/clock';
import { type EngineUsage, RuntimeError } from '../engine-runtime.port';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick (proc(5), `_SC_CLK_TCK`). */
const TICK_MS = 10;

/** Interval between the two samples of processor time. */
const SAMPLE_MS = 200;

/**
 * The usage of a process from the kernel. The kernel counts network traffic for the whole machine only, so traffic is
 * reported as 0.
 *
 * @throws RuntimeError `runtime_refused` where there is no /proc, or the process is gone
 */
export async function readProcessUsage(pid: number): Promise<EngineUsage> {
  try {
    const before = await cpuMs(pid);
    const startedAt = monotonicMs();
    await delay(SAMPLE_MS);
    const usedMs = (await cpuMs(pid)) - before;
    const [status, io] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/io`, 'utf8').catch(() => ''),
    ]);
    return {
      cpuPercent: (usedMs / (monotonicMs() - startedAt)) * 100,
      memoryBytes: numberIn(status, /^VmRSS:\s+(\d+) kB$/m) * 1024,
      memoryLimitBytes: 0,
      networkRxBytes: 0,
      networkTxBytes: 0,
      blockReadBytes: numberIn(io, /^read_bytes: (\d+)$/m),
      blockWriteBytes: numberIn(io, /^write_bytes: (\d+)$/m),
    };
  } catch (cause) {
    const message =
      'the usage of a simulated engine is known only on Linux, and only while it runs';
    throw new RuntimeError('runtime_refused', message, { cause });
  }
}

/** Fields 14 and 15 of /proc/PID/stat; the second field may hold blanks, and ends with the last parenthesis. */
async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
