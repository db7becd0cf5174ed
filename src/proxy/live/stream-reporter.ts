import { streamKey, type ContentSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';
import type { LeaveReason, Viewer } from '../viewers';
import type { LoopAction } from './observation/loop-policy';
import type { LoopFinding } from './observation/loop-watch';
import type { MoveCause, MoveReport, MoveResult } from './moves/move.types';
import type { SessionServices } from './session-services';
import type { Attempt, EndReason } from '../streams';
import type { SourceRotation } from './sources/source-rotation';
import type { FailoverReport } from './sources/source-controller';

/** Says what happens to one stream, to the event bus and to the log: one line per change of state. */
export class StreamReporter implements MoveReport, FailoverReport {
  private readonly selector: string;

  constructor(
    private readonly streamId: string,
    selector: ContentSelector,
    private readonly services: SessionServices,
  ) {
    this.selector = streamKey(selector);
  }

  requested(): void {
    this.services.events.publish('stream_requested', {
      stream_id: this.streamId,
      selector: this.selector,
    });
  }

  started(engineId: string, infohash: string | null, startMs: number): void {
    const { streamId } = this;
    this.services.events.publish('stream_started', {
      stream_id: streamId,
      engine_id: engineId,
      infohash,
      start_ms: startMs,
    });
    this.services.log.info({ streamId, engineId, startMs }, 'stream started');
  }

  sourceChanged(
    { channelId, source }: SourceRotation,
    fromId: string | null,
    reason: string,
  ): void {
    const { streamId } = this;
    const [from, to] = [fromId ?? '', source?.id ?? ''];
    this.services.events.publish('stream_source_changed', {
      stream_id: streamId,
      channel: channelId ?? '',
      from,
      to,
      reason,
    });
    this.services.log.warn({ streamId, channelId, from, to, reason }, 'another source is tried');
  }

  stalled(engineId: string | null, reason: string): void {
    const { streamId } = this;
    this.services.events.publish('stream_stalled', {
      stream_id: streamId,
      engine_id: engineId,
      reason,
    });
    this.services.log.warn({ streamId, engineId, reason }, 'stream stalled');
  }

  resumed(engineId: string, outageMs: number): void {
    const { streamId } = this;
    this.services.events.publish('stream_resumed', {
      stream_id: streamId,
      engine_id: engineId,
      outage_ms: outageMs,
    });
    this.services.log.info({ streamId, engineId, outageMs }, 'stream resumed');
  }

  looping(engineId: string | null, { cause, periodMs }: LoopFinding, action: LoopAction): void {
    const { streamId } = this;
    const periodS = periodMs === null ? null : Math.round(periodMs / 100) / 10;
    this.services.events.publish('stream_looping', {
      stream_id: streamId,
      engine_id: engineId,
      cause,
      action,
      period_s: periodS,
    });
    this.services.log.warn({ streamId, engineId, cause, action, periodS }, 'stream loops');
  }

  failedOver(fromEngineId: string, toEngineId: string, reason: string): void {
    const { streamId } = this;
    this.services.events.publish('stream_failed_over', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      reason,
    });
    this.services.log.warn({ streamId, fromEngineId, toEngineId, reason }, 'stream failed over');
  }

  moved({ fromEngineId, toEngineId, durationMs }: MoveResult, cause: MoveCause): void {
    const { streamId } = this;
    this.services.events.publish('stream_moved', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      cause,
      duration_ms: durationMs,
    });
    this.services.log.info(
      { streamId, fromEngineId, toEngineId, cause, durationMs },
      'stream moved',
    );
  }

  moveFailed(fromEngineId: string, toEngineId: string, cause: MoveCause, reason: string): void {
    const { streamId } = this;
    this.services.events.publish('stream_move_failed', {
      stream_id: streamId,
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      cause,
      reason,
    });
    const facts = { streamId, fromEngineId, toEngineId, cause, reason };
    this.services.log.warn(facts, 'stream not moved');
  }

  /** The one line that says why a channel failed, and where to look further. */
  failed(
    error: AppError,
    engineId: string | null,
    infohash: string | null,
    attempts: readonly Attempt[],
  ): void {
    const { streamId, selector } = this;
    const tried = attempts.map(({ engineId: at, source, outcome }) =>
      source === null ? `${at}: ${outcome}` : `${at}, source ${source}: ${outcome}`,
    );
    const facts = { streamId, selector, infohash, engineId, attempts: tried };
    const line = `stream failed: ${error.code}: ${error.detail}`;
    if (error.code === 'internal_error') {
      this.services.log.error({ ...facts, err: error.cause ?? error }, line);
    } else {
      this.services.log.warn(facts, line);
    }
    this.services.events.publish('stream_failed', {
      stream_id: streamId,
      engine_id: engineId,
      code: error.code,
      reason: error.detail,
    });
  }

  ended(engineId: string | null, reason: EndReason): void {
    const { streamId } = this;
    this.services.events.publish('stream_ended', {
      stream_id: streamId,
      engine_id: engineId,
      reason,
    });
    this.services.log.info({ streamId, engineId, reason }, 'stream ended');
  }

  viewerJoined(viewer: Viewer): void {
    this.services.events.publish('viewer_joined', {
      stream_id: this.streamId,
      client_id: viewer.id,
    });
  }

  viewerLeft(viewer: Viewer, reason: LeaveReason): void {
    this.services.events.publish('viewer_left', {
      stream_id: this.streamId,
      client_id: viewer.id,
      reason,
      bytes_sent: viewer.queuedBytes - viewer.unsentBytes(),
    });
  }

  viewerJumped(viewer: Viewer, skippedBytes: number, lagMs: number): void {
    this.services.events.publish('viewer_jumped', {
      stream_id: this.streamId,
      client_id: viewer.id,
      skipped_bytes: skippedBytes,
      lag_s: Math.round(lagMs / 100) / 10,
    });
  }
}
