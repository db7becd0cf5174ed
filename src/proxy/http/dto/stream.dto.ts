import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** The source of a channel that is in use. */
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
  key_type!: 'content_id' | 'infohash' | 'url' | 'magnet' | 'channel';
  key!: string;
  file_index!: number;
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
  end_reason!: string | null;
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
