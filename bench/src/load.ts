import { endWithParent } from './child-side';
import { type GroupReport, ViewerTally } from './viewer-tally';
import { cpuSeconds, residentMb } from './process-usage';
import { streamPath } from './stream-path';
import { Viewer } from './viewer';

/**
 * The load generator: viewers in their own process, so that they do not share an event loop with the measured
 * server. The benchmark starts it with a LoadPlan as JSON in its first argument.
 */

/** The schedule of the viewers. Its times follow each other: ahead, warm (which includes ramp), count. */
export interface LoadPlan {
  port: number;
  /** Header of the viewers' requests. */
  httpVersion: '1.1' | '1.0';
  streams: number;
  viewers: number;
  /** Time over which the viewers join. */
  rampMs: number;
  /** Viewers that join before the others. */
  holders: number;
  /** How long the holders watch before the others join. */
  aheadMs: number;
  /** From the first join to the start of the measurement. */
  warmMs: number;
  countMs: number;
  /** The server's processes, for CPU time and memory. */
  serverPids: number[];
}

/** Results; bytes and CPU time of the measured time only. */
export interface LoadReport {
  seconds: number;
  gigabytes: number;
  serverCpuSeconds: number;
  serverPeakMb: number;
  /** Share of one core that the load generator itself used: near 1 it is the bottleneck. */
  ownCpuShare: number;
  viewers: GroupReport;
  /** Their latency is sampled while the others join, and for 2 s more. */
  holders: GroupReport;
}

/** Messages of the load generator to the benchmark. */
export type LoadMessage = { type: 'counting' } | { type: 'report'; report: LoadReport };

const JOIN_STEP_MS = 5;
const MEMORY_STEP_MS = 200;
const AFTER_JOINS_MS = 2000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Audience {
  private readonly members: Viewer[] = [];

  constructor(
    private readonly plan: LoadPlan,
    private readonly tally: ViewerTally,
  ) {}

  /** Lets `count` viewers join, evenly over `rampMs`, the streams in turn. */
  async join(count: number, rampMs: number): Promise<void> {
    const { port, httpVersion } = this.plan;
    const startedAt = performance.now();
    while (this.members.length < count) {
      const share = rampMs === 0 ? 1 : Math.min(1, (performance.now() - startedAt) / rampMs);
      const due = Math.max(1, Math.floor(share * count));
      while (this.members.length < due) {
        const path = streamPath(this.members.length % this.plan.streams);
        this.members.push(new Viewer({ port, path, httpVersion }, this.tally));
      }
      if (due < count) await pause(JOIN_STEP_MS);
    }
  }

  leave(): void {
    for (const member of this.members) member.close();
  }
}

async function run(plan: LoadPlan): Promise<LoadReport> {
  const holderTally = new ViewerTally();
  const tally = new ViewerTally();
  const holders = new Audience(plan, holderTally);
  const viewers = new Audience(plan, tally);
  await holders.join(plan.holders, 0);
  await pause(plan.aheadMs);

  holderTally.sampling = true;
  const joinsOver = setTimeout(() => {
    holderTally.sampling = false;
  }, plan.rampMs + AFTER_JOINS_MS);
  await Promise.all([viewers.join(plan.viewers, plan.rampMs), pause(plan.warmMs)]);

  tally.sampling = true;
  const startedAt = performance.now();
  const bytes = tally.bytes + holderTally.bytes;
  const serverCpu = cpuSeconds(plan.serverPids);
  const ownCpu = process.cpuUsage();
  process.send?.({ type: 'counting' } satisfies LoadMessage);
  let peakMb = residentMb(plan.serverPids);
  const memory = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(plan.serverPids));
  }, MEMORY_STEP_MS);
  await pause(plan.countMs);

  const seconds = (performance.now() - startedAt) / 1000;
  const own = process.cpuUsage(ownCpu);
  const serverCpuSeconds = cpuSeconds(plan.serverPids) - serverCpu;
  const gigabytes = (tally.bytes + holderTally.bytes - bytes) / 1e9;
  clearInterval(memory);
  clearTimeout(joinsOver);
  viewers.leave();
  holders.leave();
  return {
    seconds,
    gigabytes,
    serverCpuSeconds,
    serverPeakMb: peakMb,
    ownCpuShare: (own.user + own.system) / 1e6 / seconds,
    viewers: tally.report(),
    holders: holderTally.report(),
  };
}

endWithParent();
void run(JSON.parse(process.argv[2] ?? '{}') as LoadPlan).then((report) => {
  const message: LoadMessage = { type: 'report', report };
  // Runs until the benchmark ends it, because a message must not be lost at the sender's exit.
  if (process.send) process.send(message);
  else console.log(JSON.stringify(report));
});
