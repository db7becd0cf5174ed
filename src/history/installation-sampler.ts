import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { EngineRegistry } from '../engines';
import { EventBus } from '../events';
import { monotonicMs } from '../kernel/clock';
import { StreamFigures, type StreamSums } from '../proxy';
import type { Sample } from './metric';

/** Speeds are not computed over a longer time, in which the machine may have been suspended. */
const LONGEST_INTERVAL_MS = 60_000;

/** Interval at which the delay of the event loop is measured. */
const LAG_RESOLUTION_MS = 50;

const NS_PER_MS = 1e6;

/** What a sample is compared with, to compute speeds. */
interface Reading {
  readonly atMs: number;
  readonly sums: StreamSums;
  /** CPU time of the process in microseconds. */
  readonly cpuUs: number;
  readonly viewersLeft: number;
}

/** Measures the whole installation. A sample reads counters that exist anyway. */
@Injectable()
export class InstallationSampler implements OnModuleDestroy {
  private readonly lag: IntervalHistogram = monitorEventLoopDelay({
    resolution: LAG_RESOLUTION_MS,
  });
  private viewersLeft = 0;
  private last: Reading | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'maxStreamsPerEngine'>,
    private readonly streams: StreamFigures,
    private readonly engines: EngineRegistry,
    events: EventBus,
  ) {
    this.lag.enable();
    events.subscribe(({ type }) => {
      if (type === 'viewer_left') this.viewersLeft += 1;
    });
  }

  onModuleDestroy(): void {
    this.lag.disable();
  }

  take(): Sample {
    const { user, system } = process.cpuUsage();
    const reading: Reading = {
      atMs: monotonicMs(),
      sums: this.streams.sums(),
      cpuUs: user + system,
      viewersLeft: this.viewersLeft,
    };
    const { last } = this;
    this.last = reading;
    const lagMs = this.lag.mean / NS_PER_MS - LAG_RESOLUTION_MS;
    this.lag.reset();
    return {
      ...streamsOf(reading.sums),
      ...this.enginesNow(),
      ...(last === null ? {} : speedsOf(last, reading)),
      memory_bytes: process.memoryUsage.rss(),
      ...(Number.isFinite(lagMs) ? { event_loop_lag_ms: Math.max(0, lagMs) } : {}),
    };
  }

  private enginesNow(): Sample {
    const engines = this.engines.list();
    const count = (state: string): number => engines.filter((one) => one.state === state).length;
    const usable = engines.filter(({ state }) => state === 'healthy' || state === 'suspect');
    const { maxStreamsPerEngine } = this.config;
    return {
      engines: engines.length,
      engines_starting: count('starting'),
      engines_healthy: count('healthy'),
      engines_suspect: count('suspect'),
      engines_unhealthy: count('unhealthy'),
      engines_draining: count('draining'),
      slots_used: engines.reduce((sum, { leases }) => sum + leases.size, 0),
      slots_free: usable.reduce(
        (sum, { leases }) => sum + Math.max(0, maxStreamsPerEngine - leases.size),
        0,
      ),
    };
  }
}

function streamsOf({ byState, viewers, swarm }: StreamSums): Sample {
  const count = (state: Parameters<typeof byState.get>[0]): number => byState.get(state) ?? 0;
  return {
    viewers,
    streams: [...byState.values()].reduce((sum, streams) => sum + streams, 0),
    streams_starting: count('starting'),
    streams_live: count('live'),
    streams_playing: count('playing'),
    streams_stalled: count('stalled'),
    streams_grace: count('grace'),
    ...(swarm === null
      ? {}
      : {
          peers: swarm.peers,
          p2p_download_bps: swarm.downloadBps,
          p2p_upload_bps: swarm.uploadBps,
        }),
  };
}

function speedsOf(last: Reading, now: Reading): Sample {
  const tookMs = now.atMs - last.atMs;
  if (tookMs <= 0 || tookMs > LONGEST_INTERVAL_MS) return {};
  const bps = (bytes: number): number => Math.max(0, Math.round((bytes * 8000) / tookMs));
  return {
    ingress_bps: bps(now.sums.bytesIn - last.sums.bytesIn),
    egress_bps: bps(now.sums.bytesOut - last.sums.bytesOut),
    cpu_percent: Math.round((now.cpuUs - last.cpuUs) / tookMs) / 10,
    viewers_left_per_minute: ((now.viewersLeft - last.viewersLeft) * 60_000) / tookMs,
  };
}
