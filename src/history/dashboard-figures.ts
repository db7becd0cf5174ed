import { Injectable } from '@nestjs/common';
import { EngineRegistry } from '../engines';
import { wallClockIso } from '../kernel/clock';
import { StreamFigures } from '../proxy';
import type { SeriesPoint, StartTotals } from '../storage';
import type { DashboardDto, DashboardEnginesDto, DashboardHistoryDto } from './dto/dashboard.dto';
import { HistoryRecorder } from './history-recorder';
import type { MetricName } from './metric';
import { SAMPLE_S, withGaps, type SeriesPlan } from './series';
import { type Series, SeriesReader } from './series-reader';

/** The window of `request_window_1m`. */
const MINUTE_S = 60;

/** What `/metrics/dashboard` shows. */
@Injectable()
export class DashboardFigures {
  constructor(
    private readonly recorder: HistoryRecorder,
    private readonly series: SeriesReader,
    private readonly streams: StreamFigures,
    private readonly engines: EngineRegistry,
  ) {}

  /** @throws AppError `storage_failed` */
  async collect(windowS: number): Promise<DashboardDto> {
    await this.recorder.refresh();
    const nowMs = Date.now();
    const ingress = await this.read('ingress_bps', windowS, nowMs);
    const egress = await this.read('egress_bps', windowS, nowMs);
    const streams = await this.read('streams', windowS, nowMs);
    const viewers = await this.read('viewers', windowS, nowMs);
    const starts = await this.startsWithin(windowS, nowMs);
    const lastStarts = await this.startsWithin(MINUTE_S, nowMs);
    const running = this.streams.running();
    const { bytesIn, bytesOut, viewers: viewerCount, hlsViewers, swarm } = this.streams.sums();
    const ingressBps = this.latest('ingress_bps');
    const egressBps = this.latest('egress_bps');
    return {
      timestamp: wallClockIso(new Date(nowMs)),
      window_seconds: windowS,
      north_star: {
        global_active_streams: running.length,
        global_egress_bandwidth_mbps: mbps(egressBps),
        system_success_rate_percent: successPercent(starts),
        proxy_active_clients: viewerCount,
      },
      proxy: {
        active_clients: {
          total: viewerCount,
          ts: viewerCount - hlsViewers,
          hls: hlsViewers,
          list: null,
        },
        request_window_1m: {
          total_requests_1m: null,
          success_rate_percent: successPercent(lastStarts),
          disconnect_rate_per_min: this.meanOfLastMinute('viewers_left_per_minute', nowMs),
          error_4xx_rate_per_min: null,
          error_5xx_rate_per_min: null,
          ttfb_avg_ms: rounded(lastStarts.meanFirstByteMs),
          ttfb_p95_ms: lastStarts.p95FirstByteMs,
        },
        engine_ingress_bps: ingressBps,
        throughput: {
          ingress_mbps: mbps(ingressBps),
          egress_mbps: mbps(egressBps),
          ingress_bps: ingressBps,
          egress_bps: egressBps,
          ingress_total_bytes: bytesIn,
          egress_total_bytes: bytesOut,
          window_ingress_total_bytes: bytesOf(ingress),
          window_egress_total_bytes: bytesOf(egress),
        },
        ttfb: { avg_ms: rounded(starts.meanFirstByteMs), p95_ms: starts.p95FirstByteMs },
      },
      engines: this.countEngines(),
      streams: {
        active: running.length,
        total_peers: swarm?.peers ?? null,
        download_speed_mbps: mbps(swarm?.downloadBps ?? null),
        upload_speed_mbps: mbps(swarm?.uploadBps ?? null),
        buffer: { avg_pieces: null, min_pieces: null },
        active_keys: running.map(({ id }) => id),
      },
      docker: {
        cpu_percent: null,
        memory_usage: null,
        network_rx_bytes: null,
        network_tx_bytes: null,
        block_read_bytes: null,
        block_write_bytes: null,
        restart_total: null,
        oom_killed_total: null,
      },
      history: historyOf(ingress, egress, streams, viewers),
    };
  }

  private read(name: MetricName, windowS: number, nowMs: number): Promise<Series> {
    const toS = Math.floor(nowMs / 1000);
    return this.series.read(name, { fromS: toS - windowS, toS, stepS: null });
  }

  private startsWithin(windowS: number, nowMs: number): Promise<StartTotals> {
    return this.recorder.store.totalStarts(nowMs - windowS * 1000, nowMs);
  }

  private latest(name: MetricName): number | null {
    return this.recorder.listRecent(name).at(-1)?.mean ?? null;
  }

  private meanOfLastMinute(name: MetricName, nowMs: number): number | null {
    const sinceS = nowMs / 1000 - MINUTE_S;
    const values = this.recorder.listRecent(name).filter(({ atS }) => atS >= sinceS);
    if (values.length === 0) return null;
    return rounded(values.reduce((sum, { mean }) => sum + mean, 0) / values.length, 10);
  }

  private countEngines(): DashboardEnginesDto {
    const counts = { playing: 0, idle: 0, unhealthy: 0, unknown: 0 };
    const engines = this.engines.list();
    for (const { state, leases } of engines) {
      if (state === 'unhealthy') counts.unhealthy += 1;
      else if (state === 'starting') counts.unknown += 1;
      else counts[leases.size > 0 ? 'playing' : 'idle'] += 1;
    }
    return {
      total: engines.length,
      healthy: counts.playing + counts.idle,
      unhealthy: counts.unhealthy,
      used: engines.filter(({ leases }) => leases.size > 0).length,
      state_counts: counts,
      uptime_avg_seconds: null,
    };
  }
}

function successPercent({ started, failed }: StartTotals): number | null {
  return started === 0 ? null : rounded((100 * (started - failed)) / started, 10);
}

/** Bytes of a period whose speed is known; times without samples do not count. */
function bytesOf({ points }: Series): number | null {
  if (points.length === 0) return null;
  const bits = points.reduce((sum, { mean, samples }) => sum + mean * samples * SAMPLE_S, 0);
  return Math.round(bits / 8);
}

function historyOf(
  ingress: Series,
  egress: Series,
  streams: Series,
  viewers: Series,
): DashboardHistoryDto {
  const { plan } = ingress;
  const means = ({ points }: { readonly points: readonly SeriesPoint[] }): (number | null)[] =>
    meansOf(points, plan);
  const [ins, outs, streamMeans, viewerMeans] = [ingress, egress, streams, viewers].map(means);
  return {
    step_seconds: plan.stepS,
    points: withGaps([], plan).map(({ atS }, i) => ({
      timestamp: wallClockIso(new Date(atS * 1000)),
      ingress_mbps: mbps(ins?.[i] ?? null),
      egress_mbps: mbps(outs?.[i] ?? null),
      active_streams: rounded(streamMeans?.[i] ?? null, 100),
      active_clients: rounded(viewerMeans?.[i] ?? null, 100),
    })),
  };
}

function meansOf(points: readonly SeriesPoint[], plan: SeriesPlan): (number | null)[] {
  return withGaps(points, plan).map(({ bucket }) => bucket?.mean ?? null);
}

function mbps(bps: number | null): number | null {
  return bps === null ? null : Math.round(bps / 1000) / 1000;
}

function rounded(value: number | null, factor = 1): number | null {
  return value === null ? null : Math.round(value * factor) / factor;
}
