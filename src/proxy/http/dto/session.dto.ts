import { ApiProperty } from '@nestjs/swagger';
import type { ErrorCode } from '../../../kernel/errors';
import {
  ATTEMPT_OUTCOMES,
  type AttemptOutcome,
  type EndReason,
  type StreamState,
} from '../../streams';
import { LISTED_END_REASONS, type SourceInUseDto } from './stream.dto';
import {
  type ElementaryStreamDto,
  type EngineStatDto,
  type LoopDto,
  type RunwayDto,
} from './statistics.dto';

/** One attempt on one engine. */
export class AttemptDto {
  engine_id!: string;
  /** Id of the channel's source; null without a channel. */
  source!: string | null;
  /** ISO 8601, UTC. */
  started_at!: string;
  /** Null while the attempt runs. */
  duration_ms!: number | null;
  /** What became of it. */
  @ApiProperty({ enum: ATTEMPT_OUTCOMES, enumName: 'AttemptOutcome' })
  outcome!: AttemptOutcome;
  /** Details of the outcome, for an operator. */
  detail!: string | null;
}

/** Milestones of the start, ISO 8601 UTC; null until reached. */
export class SessionTimelineDto {
  requested_at!: string;
  engine_answered_at!: string | null;
  first_byte_at!: string | null;
  first_pat_at!: string | null;
  first_keyframe_at!: string | null;
}

/** The history kept for viewers who join. */
export class SessionBufferDto {
  /** Media seconds; null while the stream has no clock. */
  seconds!: number | null;
  bytes!: number;
  /** Random access points. */
  keyframes!: number;
}

/** One content and all its viewers. */
export class SessionDto {
  stream_id!: string;
  /** `recorded`: a file, read by one viewer at a time. */
  kind!: 'live' | 'recorded';
  /** The id that was requested. */
  ace_id!: string;
  infohash!: string | null;
  /** Id of the channel through which the content was requested; null without one. */
  channel!: string | null;
  source!: SourceInUseDto | null;
  engine_host!: string | null;
  engine_port!: number | null;
  container_id!: string | null;
  playback_session_id!: string | null;
  /** Null when the engine does not report it. */
  is_live!: boolean | null;
  is_active!: boolean;
  state!: StreamState;
  client_count!: number;
  /** ISO 8601, UTC. */
  created_at!: string | null;
  /** Time at which viewers could first join. */
  started_at!: string | null;
  ended_at!: string | null;
  /** Why the session ended, or the error code of its failure. */
  @ApiProperty({ enum: LISTED_END_REASONS, nullable: true })
  end_reason!: EndReason | ErrorCode | null;
  /** Code and detail of the failure. */
  error!: string | null;
  /** Seconds without any viewer. */
  idle_seconds!: number;
  attempts!: AttemptDto[];
  timeline!: SessionTimelineDto;
  buffer!: SessionBufferDto;
  /** Bits per second, measured by the timestamps of the stream. */
  bitrate_bps!: number | null;
  bytes_in!: number;
  bytes_out!: number;
  /** Bytes queued on viewers' sockets that the kernel has not taken. */
  pinned_bytes!: number;
  continuity_errors!: number;
  /** How often packet alignment was lost and found again. */
  resyncs!: number;
  /** Number of changes of the source of the running stream. */
  failovers!: number;
}

/** A session with its statistics. Recorded content and ended sessions have none. */
export class SessionDetailDto extends SessionDto {
  /** The engine's last report; null when it is older than 30 s or there is none. */
  stat!: EngineStatDto | null;
  runway!: RunwayDto | null;
  media!: ElementaryStreamDto[];
  looping!: LoopDto | null;
  /** True if the engine has had neither peers nor download speed for three minutes. */
  is_starving!: boolean;
}

export class SessionListDto {
  sessions!: SessionDto[];
}

export class ProxyStatusDto {
  running!: boolean;
  total_sessions!: number;
  active_sessions!: number;
  total_clients!: number;
  /** Bits per second that viewers take, by the measured bit rates of their streams. A stream that is not measured yet counts as the mean. */
  egress_bps!: number;
  /** What they may take in all (`MAX_EGRESS_BPS`); null: there is no limit. */
  egress_limit_bps!: number | null;
  sessions!: SessionDto[];
}

/** One viewer of one stream. */
export class ClientDto {
  client_id!: string;
  ip_address!: string;
  /** Name of the user whose token the viewer presented; null without one. */
  user!: string | null;
  user_agent!: string;
  /** `paused`: the viewer has taken no byte for 15 s. It does not count as watching until it takes bytes again. */
  state!: 'waiting' | 'streaming' | 'paused' | 'gone';
  /** ISO 8601, UTC. */
  connected_at!: string;
  connected_s!: number;
  /** Bytes that the kernel has taken for this viewer. */
  bytes_sent!: number;
  /**
   * Seconds of media between the viewer and the newest byte; null while the stream has no clock or the viewer waits.
   */
  behind_s!: number | null;
  /** How often the viewer was moved forward because it was too slow. */
  jumps!: number;
}

export class ClientListDto {
  clients!: ClientDto[];
}
