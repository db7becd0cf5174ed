import { IsIn, IsOptional, IsString, Length } from 'class-validator';

/** Where to; without a body the best engine is taken. */
export class MoveRequestDto {
  /** `id` of an engine, as `GET /engines` lists it. */
  @IsOptional()
  @IsString()
  @Length(1, 128)
  engine_id?: string;
}

export class MoveQueryDto {
  /** `true`: the answer is given when the stream is there, or stays. */
  @IsOptional()
  @IsIn(['true', 'false'])
  wait?: 'true' | 'false';
}

export class StreamMoveDto {
  stream_id!: string;
  /** `moving`: the other engine is being prepared; `moved`: it feeds the stream. */
  state!: 'moving' | 'moved';
  from_engine_id!: string;
  /** While it is being moved: the engine that was asked for, null when any will do. */
  to_engine_id!: string | null;
  /** From the choice of the new engine to its first packet at viewers; null while it is being moved. */
  duration_ms!: number | null;
}
