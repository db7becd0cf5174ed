import { IsIn, IsOptional, IsString, Length } from 'class-validator';

/** The engine to move to. Without a body, the best engine is chosen. */
export class MoveRequestDto {
  /** `id` of an engine, as `GET /engines` lists it. */
  @IsOptional()
  @IsString()
  @Length(1, 128)
  engine_id?: string;
}

export class MoveQueryDto {
  /** `true`: the response is sent when the move has finished or failed. */
  @IsOptional()
  @IsIn(['true', 'false'])
  wait?: 'true' | 'false';
}

export class StreamMoveDto {
  stream_id!: string;
  /** `moving`: the other engine is being prepared; `moved`: the stream reads from it. */
  state!: 'moving' | 'moved';
  from_engine_id!: string;
  /** During the move: the requested engine; null when any engine may be used. */
  to_engine_id!: string | null;
  /** Time from the choice of the new engine until viewers got its first packet; null during the move. */
  duration_ms!: number | null;
}
