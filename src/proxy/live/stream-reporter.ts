import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { EventBus, type StreamTotals } from '../../events';
import { streamKey, type ContentSelector } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import type { AppError } from '../../kernel/errors';
import { MetricsRegistry } from '../../metrics';
import { Traces } from '../../tracing';
import type { Attempt, AttemptOutcome, EndReason } from '../streams';
import type { LeaveReason, Viewer } from '../viewers';
import type { LoopAction } from './observation/loop-policy';
import type { LoopFinding } from './observation/loop-watch';
import type { SourceRotation } from './sources/source-rotation';
import { type EndedStart, startTrace } from './start-trace';

/** Cause of a planned move: an operator's request, or a drain request, which an unhealthy engine raises too. */
export type MoveCause = 'operator' | 'drain';

/** The result of a planned move. */
export interface MoveResult {
  readonly fromEngineId: string;
  readonly toEngineId: string;
  /** Time from the request for a slot until the new source feeds the stream. */
  readonly durationMs: number;
}

/** The reason why a running stream receives no media: its source is silent, or has ended. */
export type StallReason = 'silence' | 'source_ended';

/**
 * Why a channel's source is given up: the outcome of the last attempt, or that no engine is free for another attempt.
 */
export type SourceChangeReason = AttemptOutcome | 'no_free_engine';

const DELIVERIES = ['mpegts', 'hls', 'file'] as const;

/** How a viewer gets media: the bytes of a live stream, segments of one, or a file. */
export type Delivery = (typeof DELIVERIES)[number];

/** Times of streams and viewers that are only known when they happen. */
class StreamTimes {
  private readonly firstBytes;
  private readonly failoverGaps;

  constructor(metrics: MetricsRegistry) {
    this.firstBytes = metrics.histogram(
      'acefleet_time_to_first_byte_seconds',
      "Time from a viewer's request until its first media byte is written.",
      {
        buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60],
        labels: { delivery: DELIVERIES },
      },
    );
    this.failoverGaps = metrics.histogram(
      'acefleet_failover_gap_seconds',
      'How long a stream was without media at a failover: from the last media of the old source to the first media of the new one.',
      { buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60] },
    );
  }

  firstByte(delivery: Delivery, tookMs: number): void {
    this.firstBytes.observe({ delivery }, tookMs / 1000);
  }

  failoverGap(silentMs: number): void {
    this.failoverGaps.observe(Math.max(0, silentMs) / 1000);
  }
}

/** Creates a reporter for each stream. */
@Injectable()
export class StreamReporters {
  private readonly times: StreamTimes;

  constructor(
    private readonly events: EventBus,
    private readonly log: PinoLogger,
    metrics: MetricsRegistry,
    private readonly traces: Traces,
  ) {
    log.setContext('Stream');
    this.times = new StreamTimes(metrics);
  }

  of(streamId: string, selector: ContentSelector): StreamReporter {
    return new StreamReporter(
      streamId,
      streamKey(selector),
      this.events,
      this.log,
      this.times,
      this.traces,
    );
  }
}

/** Reports what happens to one stream to the event bus, the metrics and the log: one line for each change of state. */
export class StreamReporter {
  constructor(
    private readonly streamId: string,
    private readonly selector: string,
    private readonly events: EventBus,
    private readonly log: PinoLogger,
    private readonly times: StreamTimes,
    private readonly traces: Traces,
  ) {}

  /** The start of a live stream is over. */
  startEnded(start: () => EndedStart): void {
    this.traces.record(() => startTrace(start()));
  }

  requested(): void {
    this.events.publish('stream_requested', {
      stream_id: this.streamId,
      selector: this.selector,
    });
  }

  started(engineId: string, infohash: string | null, startMs: number): void {
    const { streamId } = this;
    this.events.publish('stream_started', {
      stream_id: streamId,
      engine_id: engineId,
      infohash,
      start_ms: startMs,
    });
    this.log.info({ streamId, engineId, startMs }, 'stream started');
  }

  /** The channel's source was given up, and its next source is tried. */
  sourceChanged(
    { channelId, source }: SourceRotation,
    fromId: string | null,
    reason: SourceChangeReason,
    detail: string | null,
  ): void {
    const { streamId } = this;
    const [from, to] = [fromId ?? '', source?.id ?? ''];
    this.events.publish('stream_source_changed', {
      stream_id: streamId,
      channel: channelId ?? '',
      from,
      to,
      reason,
      detail,
    });
    const facts = { streamId, channelId, from, to, reason, detail };
    this.log.warn(facts, 'next source of the channel is tried');
  }

  stalled(engineId: string | null, reason: StallReason): void {
    const { streamId } = this;
    this.events.publish('stream_stalled', {
      stream_id: streamId,
      engine_id: engineId,
      reason,
    });
    this.log.warn({ streamId, engineId, reason }, 'stream stalled');
  }

  resumed(engineId: string, outageMs: number): void {
    const { streamId } = this;
    this.events.publish('stream_resumed', {
      stream_id: streamId,
      engine_id: engineId,
      outage_ms: outageMs,
    });
    this.log.info({ streamId, engineId, outageMs }, 'stream resumed');
  }

  looping(engineId: string | null, { cause, periodMs }: LoopFinding, action: LoopAction): void {
    const { streamId } = this;
    const periodS = periodMs === null ? null : Math.round(periodMs / 100) / 10;
    this.events.publish('stream_looping', {
      stream_id: streamId,
      engine_id: engineId,
      cause,
      action,
      period_s: periodS,
    });
    this.log.warn({ streamId, engineId, cause, action, periodS }, 'stream loops');
  }

  /**
   * `newer_session`: the stream continues in a newer engine session that another stream opened for the same content.
   */
  failedOver(
    fromEngineId: string,
    toEngineId: string,
    reason: AttemptOutcome | 'newer_session',
  ): void {
    const { streamId } = this;
    this.events.publish('stream_failed_over', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      reason,
    });
    this.log.warn({ streamId, fromEngineId, toEngineId, reason }, 'stream failed over');
  }

  moved({ fromEngineId, toEngineId, durationMs }: MoveResult, cause: MoveCause): void {
    const { streamId } = this;
    this.events.publish('stream_moved', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      cause,
      duration_ms: durationMs,
    });
    this.log.info({ streamId, fromEngineId, toEngineId, cause, durationMs }, 'stream moved');
  }

  /** The stream stays on its engine, because the new engine did not take it over. */
  moveFailed(
    fromEngineId: string,
    toEngineId: string,
    cause: MoveCause,
    reason: AttemptOutcome,
    detail: string | null,
  ): void {
    const { streamId } = this;
    this.events.publish('stream_move_failed', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      cause,
      reason,
      detail,
    });
    const facts = { streamId, fromEngineId, toEngineId, cause, reason, detail };
    this.log.warn(facts, 'stream could not be moved');
  }

  observationFailed(error: unknown): void {
    this.log.error({ streamId: this.streamId, err: error }, 'stream observation failed');
  }

  /** Logs the error and all attempts in one line, so that it shows an operator the cause. */
  failed(
    error: AppError,
    engineId: string | null,
    infohash: string | null,
    attempts: readonly Attempt[],
    totals: StreamTotals,
  ): void {
    const { streamId, selector } = this;
    const tried = attempts.map(({ engineId: at, source, outcome, detail }) =>
      [
        at,
        source === null ? '' : `, source ${source}`,
        ': ',
        outcome,
        detail && ` (${detail})`,
      ].join(''),
    );
    const facts = { streamId, selector, infohash, engineId, attempts: tried };
    const line = `stream failed: ${error.code}: ${error.detail}`;
    if (error.code === 'internal_error') {
      this.log.error({ ...facts, err: error.cause ?? error }, line);
    } else {
      this.log.warn(facts, line);
    }
    this.events.publish('stream_failed', {
      stream_id: streamId,
      engine_id: engineId,
      code: error.code,
      reason: error.detail,
      totals,
    });
  }

  ended(engineId: string | null, reason: EndReason, totals: StreamTotals): void {
    const { streamId } = this;
    this.events.publish('stream_ended', {
      stream_id: streamId,
      engine_id: engineId,
      reason,
      totals,
    });
    this.log.info({ streamId, engineId, reason }, 'stream ended');
  }

  viewerJoined(viewer: Viewer): void {
    this.events.publish('viewer_joined', {
      stream_id: this.streamId,
      client_id: viewer.id,
    });
  }

  /** Call when the first media byte of a viewer is written. */
  firstByte(viewer: Viewer, delivery: Delivery): void {
    this.times.firstByte(delivery, monotonicMs() - viewer.joinedMs);
  }

  /** The running stream was without media for this long, until another source replaced the lost one. */
  failoverGap(silentMs: number): void {
    this.times.failoverGap(silentMs);
  }

  viewerLeft(viewer: Viewer, reason: LeaveReason): void {
    this.events.publish('viewer_left', {
      stream_id: this.streamId,
      client_id: viewer.id,
      reason,
      bytes_sent: viewer.queuedBytes - viewer.unsentBytes(),
    });
  }

  viewerJumped(viewer: Viewer, skippedBytes: number, lagMs: number): void {
    this.events.publish('viewer_jumped', {
      stream_id: this.streamId,
      client_id: viewer.id,
      skipped_bytes: skippedBytes,
      lag_s: Math.round(lagMs / 100) / 10,
    });
  }
}
