import { Injectable } from '@nestjs/common';
import { type DomainEventPayloads, EventBus, type RecordedEvent } from '../events';
import { EngineScheduler, SLOT_CLASSES, SlotQueue } from '../engines';
import { ERROR_CATALOG } from '../kernel/errors';
import { MetricsRegistry } from '../metrics';
import { isLiveStream, LiveStreams, type PollResult, type StreamObservation } from './live';
import { StreamRegistry, type Stream } from './streams';
import { LEAVE_REASONS } from './viewers';

type Loop = DomainEventPayloads['stream_looping'];

/** Without a cause or an action of the event this does not compile. */
const LOOP_CAUSES: { readonly [Cause in Loop['cause']]: true } = {
  media_repeats: true,
  position_stands_still: true,
  position_behind: true,
};
const LOOP_ACTIONS: { readonly [Action in Loop['action']]: true } = {
  report: true,
  failover: true,
  stop: true,
};

const POLL_RESULTS: readonly PollResult[] = ['answered', 'failed', 'session_gone'];

/** Metrics of streams and viewers. Most values are read from the live objects at each scrape. */
@Injectable()
export class ProxyMetrics {
  private readonly probes;
  /** Bytes of streams that are over. */
  private readonly pastBytes = { in: 0, out: 0 };
  /** Statistics calls of streams that are over. */
  private readonly pastPolls: Record<PollResult, number> = {
    answered: 0,
    failed: 0,
    session_gone: 0,
  };

  constructor(
    metrics: MetricsRegistry,
    streams: StreamRegistry,
    liveStreams: LiveStreams,
    events: EventBus,
    scheduler: EngineScheduler,
    queue: SlotQueue,
  ) {
    this.probes = metrics.counter(
      'acefleet_probe_requests_total',
      'HEAD and OPTIONS requests for streams, which start nothing.',
      { labels: { method: ['head', 'options'] } },
    );
    measureQueue(metrics, scheduler, queue);
    this.measureStreams(metrics, streams, liveStreams);
    this.measureTraffic(metrics, streams);
    this.measureObservations(metrics, streams, liveStreams);
    countEvents(metrics, events);
  }

  probed(method: 'head' | 'options'): void {
    this.probes.inc({ method });
  }

  private measureStreams(
    metrics: MetricsRegistry,
    streams: StreamRegistry,
    liveStreams: LiveStreams,
  ): void {
    metrics.gauge('acefleet_streams_active', 'Current streams.', () => streams.list().length, {
      alias: 'proxy_sessions_active',
    });
    metrics.gauge(
      'acefleet_viewers_active',
      'Current viewers, including those that wait for a start.',
      () => streams.limits.count,
      { alias: 'proxy_clients_active' },
    );
    metrics.gauge(
      'acefleet_viewers_paused',
      'Viewers that have taken nothing for 15 s, included in acefleet_viewers_active.',
      () => sumOf(liveStreams.list(), ({ viewers, watching }) => viewers.size - watching),
    );
    metrics.gauge('acefleet_history_bytes', 'Memory that the histories of all streams hold.', () =>
      sumOf(liveStreams.list(), ({ history }) => history.ring.allocatedBytes),
    );
    const durations = metrics.histogram(
      'acefleet_stream_duration_seconds',
      'How long streams lasted.',
      {
        buckets: [1, 10, 60, 600, 1800, 3600, 7200, 14400, 43200],
        alias: 'proxy_session_duration_seconds',
      },
    );
    streams.onOver(({ endReason, createdMs, endedMs }) => {
      // The file playback that continues the request is measured instead.
      if (endReason === 'recorded') return;
      durations.observe(((endedMs ?? createdMs) - createdMs) / 1000);
    });
  }

  private measureTraffic(metrics: MetricsRegistry, streams: StreamRegistry): void {
    metrics.sampledCounter(
      'acefleet_ingress_bytes_total',
      'Media bytes received from engines.',
      () => this.pastBytes.in + sumOf(streams.list(), ({ bytesIn }) => bytesIn),
    );
    metrics.sampledCounter(
      'acefleet_egress_bytes_total',
      'Media bytes for viewers that the kernel has accepted.',
      () => this.pastBytes.out + sumOf(streams.list(), ({ bytesOut }) => bytesOut),
      { alias: 'proxy_bytes_streamed_total' },
    );
    streams.onOver(({ bytesIn, bytesOut }: Stream) => {
      this.pastBytes.in += bytesIn;
      this.pastBytes.out += bytesOut;
    });
    metrics.gauge('acefleet_unsent_bytes', 'Bytes that wait in the sockets of viewers.', () =>
      sumOf(streams.list(), ({ pinnedBytes }) => pinnedBytes),
    );
    metrics.gauge(
      'acefleet_egress_bytes_per_second',
      'What viewers take, by the measured bit rates of their streams.',
      () => streams.egress.bps / 8,
    );
    metrics.gauge(
      'acefleet_egress_limit_bytes_per_second',
      'What viewers may take in all (MAX_EGRESS_BPS); 0: there is no limit.',
      () => (streams.egress.maxBps ?? 0) / 8,
    );
  }

  /** What engines report about the streams, and what is found in their media. */
  private measureObservations(
    metrics: MetricsRegistry,
    streams: StreamRegistry,
    liveStreams: LiveStreams,
  ): void {
    const sum = (figure: (one: StreamObservation) => number | null | undefined): number =>
      sumOf(liveStreams.list(), ({ observation }) => figure(observation) ?? 0);
    metrics.gauge('acefleet_source_peers', 'Peers that engines have for all streams.', () =>
      sum((one) => one.stat?.stat.peers),
    );
    metrics.gauge(
      'acefleet_source_download_bytes_per_second',
      'Download speed of engines for all streams, as they report it.',
      () => sum((one) => (one.stat?.stat.speedDownKBps ?? 0) * 1024),
    );
    metrics.gauge(
      'acefleet_streams_starving',
      'Streams without peers and without speed for 3 minutes.',
      () => sum((one) => Number(one.isStarving)),
    );
    metrics.gauge('acefleet_streams_looping', 'Streams that repeat themselves now.', () =>
      sum((one) => Number(one.finding !== null)),
    );
    metrics.sampledCounter(
      'acefleet_statistics_calls_total',
      'Statistics calls to engines, by result.',
      () =>
        POLL_RESULTS.map((result) => ({
          labels: { result },
          value: sum((one) => one.polls[result]) + this.pastPolls[result],
        })),
      { labelNames: ['result'] },
    );
    streams.onOver((stream) => {
      if (!isLiveStream(stream)) return;
      for (const result of POLL_RESULTS) {
        this.pastPolls[result] += stream.observation.polls[result];
      }
    });
  }
}

function measureQueue(
  metrics: MetricsRegistry,
  scheduler: EngineScheduler,
  queue: SlotQueue,
): void {
  metrics.gauge(
    'acefleet_starts_active',
    'Starts in progress: an engine was asked, and the stream has no media yet.',
    () =>
      scheduler.listLeases().filter(({ state }) => state === 'asking' || state === 'answered')
        .length,
  );
  metrics.gauge(
    'acefleet_slot_requests_waiting',
    'Requests for a slot of an engine that wait in the queue, by class.',
    () => {
      const waiting = queue.list();
      return SLOT_CLASSES.map((slotClass) => ({
        labels: { class: slotClass },
        value: waiting.filter((one) => one.class === slotClass).length,
      }));
    },
    { labelNames: ['class'] },
  );
}

function sumOf<T>(all: readonly T[], figure: (one: T) => number): number {
  return all.reduce((sum, one) => sum + figure(one), 0);
}

function countEvents(metrics: MetricsRegistry, events: EventBus): void {
  const streams = metrics.counter('acefleet_streams_total', 'Streams since the start.', {
    alias: 'proxy_sessions_total',
  });
  const viewers = metrics.counter('acefleet_viewers_total', 'Viewers that received media.', {
    alias: 'proxy_clients_total',
  });
  const left = metrics.counter('acefleet_viewers_left_total', 'Viewers that left, by reason.', {
    labels: { reason: LEAVE_REASONS },
  });
  const jumps = metrics.counter(
    'acefleet_viewer_jumps_total',
    'Jumps of slow viewers towards the live edge.',
  );
  const stalls = metrics.counter(
    'acefleet_stream_stalls_total',
    'How often a running stream had no media for PROXY_KEEPALIVE_AFTER.',
  );
  const loops = metrics.counter(
    'acefleet_loops_total',
    'Loops and stale live positions that were found, by cause and action.',
    { labels: { cause: Object.keys(LOOP_CAUSES), action: Object.keys(LOOP_ACTIONS) } },
  );
  const failovers = metrics.counter(
    'acefleet_failovers_total',
    'Failovers of running streams, by whether the new source is on the same engine.',
    { labels: { engine: ['same', 'other'] } },
  );
  const moves = metrics.counter(
    'acefleet_moves_total',
    'Planned moves of streams to another engine, by cause and result.',
    { labels: { cause: ['operator', 'drain'], result: ['moved', 'failed'] } },
  );
  const failures = metrics.counter(
    'acefleet_stream_failures_total',
    'Streams that failed, by code.',
    { labels: { code: Object.keys(ERROR_CATALOG) } },
  );
  const starts = metrics.histogram(
    'acefleet_stream_start_seconds',
    'Time from the first request for a content to its first random access point.',
    { buckets: [0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60] },
  );
  events.subscribe((event) => {
    if (is(event, 'stream_requested')) streams.inc();
    else if (is(event, 'viewer_joined')) viewers.inc();
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
