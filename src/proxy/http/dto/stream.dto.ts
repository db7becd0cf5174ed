import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { ERROR_CATALOG, type ErrorCode } from '../../../kernel/errors';
import { END_REASONS, type EndReason } from '../../streams';

/** Values of `end_reason`: reasons of ended streams, and error codes of failed ones. */
export const LISTED_END_REASONS: readonly (EndReason | ErrorCode)[] = [
  ...END_REASONS.filter((reason) => reason !== 'recorded'),
  ...(Object.keys(ERROR_CATALOG) as ErrorCode[]),
];

/** The source from which the stream of a channel reads now. */
export class SourceInUseDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  /** The operator's label. */
  label!: string | null;
}

/** A stream as acestream-orchestrator lists it. */
export class StreamDto {
  id!: string;
  /** `recorded`: a file, read by one viewer at a time. */
  kind!: 'live' | 'recorded';
  /** True for a stream that an outside proxy has reported. */
  external!: boolean;
  /** Streams of outside proxies may have further types. */
  key_type!: string;
  key!: string;
  file_index!: number;
  /** Parameters of the request for the engine, such as `transcode_ac3=1`; null if there are none. */
  engine_parameters!: string | null;
  infohash!: string | null;
  /** Id of the channel through which the content was requested; null without one. */
  channel!: string | null;
  source!: SourceInUseDto | null;
  container_id!: string | null;
  playback_session_id!: string | null;
  status!: 'started' | 'ended';
  state!: string;
  is_live!: boolean | null;
  client_count!: number;
  /** ISO 8601, UTC. */
  started_at!: string | null;
  ended_at!: string | null;
  /** Why the stream ended, or the error code of its failure. */
  @ApiProperty({ enum: LISTED_END_REASONS, nullable: true })
  end_reason!: EndReason | ErrorCode | null;
  error!: string | null;
  bitrate_bps!: number | null;
}

export class StreamListQueryDto {
  /** Only active streams, or only ended ones. */
  @IsOptional()
  @IsIn(['started', 'ended'])
  status?: 'started' | 'ended';

  /** Only streams of this engine. */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  container_id?: string;
}

export class StreamStoppedDto {
  stream_id!: string;
  message!: string;
}
