import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { EventBus, type RecordedEvent } from '../events';
import { EngineScheduler, SlotQueue } from '../engines';
import { MetricsRegistry } from '../metrics';
import { isLiveStream, LiveStreams, type PollResult, type StreamObservation } from './live';
import { StreamRegistry, type Stream } from './streams';

/** Figures of the proxy. Counts come from the live objects at the moment of the scrape. */
@Injectable()
export class ProxyMetrics {
  private readonly probes: Counter;
  /** Bytes of sessions that are over. */
  private pastBytes = 0;
  /** Polls of sessions that are over. */
  private readonly pastPolls = { answered: 0, failed: 0, session_gone: 0 };

  constructor(
    metrics: MetricsRegistry,
    streams: StreamRegistry,
    sessions: LiveStreams,
    events: EventBus,
    scheduler: EngineScheduler,
    queue: SlotQueue,
  ) {
    this.probes = metrics.counter(
      'proxy_probe_requests_total',
      'HEAD and OPTIONS requests for streams, which start nothing.',
      ['method'],
    );
    const live = (): readonly ReturnType<LiveStreams['list']>[number][] => sessions.list();
    metrics.gauge('proxy_sessions_active', 'Sessions under way.', () => streams.list().length);
    metrics.gauge(
      'proxy_clients_active',
      'Viewers, including those that wait for a start.',
      () => streams.limits.count,
    );
    metrics.gauge('proxy_clients_paused', 'Viewers that have taken nothing for 15 s.', () =>
      sumOf(live(), ({ viewers, watching }) => viewers.size - watching),
    );
    metrics.gauge(
      'proxy_starts_active',
      'Streams for which an engine is asked, or that have no media yet.',
      () =>
        scheduler.listLeases().filter(({ state }) => state === 'asking' || state === 'answered')
          .length,
    );
    metrics.gauge('proxy_starts_waiting', 'Requests that wait for an engine.', () => queue.size);
    metrics.gauge('proxy_ring_bytes', 'Memory held by the history of all streams.', () =>
      live().reduce((sum, session) => sum + session.history.ring.allocatedBytes, 0),
    );
    metrics.gauge(
      'proxy_pinned_bytes',
      "Bytes queued on viewers' sockets beyond the history.",
      () => sumOf(streams.list(), ({ pinnedBytes }) => pinnedBytes),
    );
    metrics.sampledCounter(
      'proxy_bytes_streamed_total',
      'Bytes that the kernel has accepted for viewers.',
      () => this.pastBytes + sumOf(streams.list(), ({ bytesOut }) => bytesOut),
    );
    metrics.gauge(
      'proxy_egress_bits_per_second',
      'What viewers take, by the measured bit rates of their streams.',
      () => streams.egress.bps,
    );
    metrics.gauge(
      'proxy_egress_limit_bits_per_second',
      'What viewers may take in all; 0: there is no limit.',
      () => streams.egress.maxBps ?? 0,
    );
    const durations = metrics.histogram(
      'proxy_session_duration_seconds',
      'How long sessions lasted.',
      { buckets: [1, 10, 60, 600, 1800, 3600, 7200, 14400, 43200] },
    );
    const over = (one: Stream): void => {
      this.pastBytes += one.bytesOut;
      // What became of recorded content is told by its playback.
      if (one.endReason === 'recorded') return;
      durations.observe(((one.endedMs ?? one.createdMs) - one.createdMs) / 1000);
    };
    streams.onOver(over);
    this.observe(metrics, streams, sessions);
    countEvents(metrics, events);
  }

  /** What engines say of the streams, and what is found in them. */
  private observe(metrics: MetricsRegistry, streams: StreamRegistry, sessions: LiveStreams): void {
    const live = (): readonly StreamObservation[] =>
      sessions.list().map(({ observation }) => observation);
    const sum = (figure: (one: StreamObservation) => number | null | undefined): number =>
      live().reduce((total, one) => total + (figure(one) ?? 0), 0);
    const polls = (result: PollResult): number =>
      sum((one) => one.polls[result]) + this.pastPolls[result];
    metrics.gauge('proxy_source_peers', 'Peers that engines have for the streams.', () =>
      sum((one) => one.stat?.stat.peers),
    );
    metrics.gauge(
      'proxy_source_download_bytes_per_second',
      'Download speed of engines for all streams, as they report it.',
      () => sum((one) => (one.stat?.stat.speedDownKBps ?? 0) * 1024),
    );
    metrics.gauge('proxy_streams_starving', 'Streams without peers and speed for 3 minutes.', () =>
      sum((one) => Number(one.isStarving)),
    );
    metrics.gauge('proxy_streams_looping', 'Streams that repeat themselves now.', () =>
      sum((one) => Number(one.finding !== null)),
    );
    metrics.sampledCounter(
      'proxy_stat_polls_total',
      'Statistics calls to engines.',
      () => polls('answered') + polls('failed') + polls('session_gone'),
    );
    metrics.sampledCounter(
      'proxy_stat_polls_failed_total',
      'Statistics calls without an answer.',
      () => polls('failed'),
    );
    metrics.sampledCounter(
      'proxy_stat_polls_gone_total',
      'Statistics calls that were answered: session unknown.',
      () => polls('session_gone'),
    );
    streams.onOver((stream) => {
      if (!isLiveStream(stream)) return;
      for (const result of ['answered', 'failed', 'session_gone'] as const) {
        this.pastPolls[result] += stream.observation.polls[result];
      }
    });
  }

  probed(method: 'head' | 'options'): void {
    this.probes.inc({ method });
  }
}

function sumOf<T>(all: readonly T[], figure: (one: T) => number): number {
  return all.reduce((sum, one) => sum + figure(one), 0);
}

function countEvents(metrics: MetricsRegistry, events: EventBus): void {
  const sessions = metrics.counter('proxy_sessions_total', 'Sessions begun.');
  const clients = metrics.counter('proxy_clients_total', 'Viewers that received media.');
  const left = metrics.counter('proxy_clients_left_total', 'Viewers that left, by reason.', [
    'reason',
  ]);
  const jumps = metrics.counter('proxy_viewer_jumps_total', 'Slow viewers moved forward.');
  const stalls = metrics.counter('proxy_stalls_total', 'Running streams that were without media.');
  const loops = metrics.counter(
    'proxy_loops_total',
    'Loops and stale live positions that were found, by cause and action.',
    ['cause', 'action'],
  );
  const failovers = metrics.counter(
    'proxy_failovers_total',
    'Failovers of running streams, by whether the new source is on the same engine.',
    ['engine'],
  );
  const moves = metrics.counter(
    'proxy_moves_total',
    'Planned moves of streams to another engine, by cause and result.',
    ['cause', 'result'],
  );
  const failures = metrics.counter('proxy_failures_total', 'Sessions failed, by code.', ['code']);
  const starts = metrics.histogram(
    'proxy_start_seconds',
    'From the first request for a content to its first random access point.',
    { buckets: [0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60] },
  );
  events.subscribe((event) => {
    if (is(event, 'stream_requested')) sessions.inc();
    else if (is(event, 'viewer_joined')) clients.inc();
    else if (is(event, 'viewer_left')) left.inc({ reason: event.payload.reason });
    else if (is(event, 'viewer_jumped')) jumps.inc();
    else if (is(event, 'stream_stalled')) stalls.inc();
    else if (is(event, 'stream_looping')) {
      loops.inc({ cause: event.payload.cause, action: event.payload.action });
    } else if (is(event, 'stream_failed_over')) {
      const isSame = event.payload.from_engine_id === event.payload.to_engine_id;
      failovers.inc({ engine: isSame ? 'same' : 'other' });
    } else if (is(event, 'stream_moved')) {
      moves.inc({ cause: event.payload.cause, result: 'moved' });
    } else if (is(event, 'stream_move_failed')) {
      moves.inc({ cause: event.payload.cause, result: 'failed' });
    } else if (is(event, 'stream_failed')) failures.inc({ code: event.payload.code });
    else if (is(event, 'stream_started')) starts.observe(event.payload.start_ms / 1000);
  });
}

function is<T extends RecordedEvent['type']>(
  event: RecordedEvent,
  type: T,
): event is RecordedEvent<T> {
  return event.type === type;
}
