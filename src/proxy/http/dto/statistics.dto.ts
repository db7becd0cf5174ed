import { IsISO8601, IsOptional, MaxLength } from 'class-validator';

/** The live position as the engine reports it: Unix seconds, or numbers of pieces of media. */
export class LivePositionDto {
  pos!: string | null;
  live_first!: string | null;
  live_last!: string | null;
  first_ts!: string | null;
  last_ts!: string | null;
  last!: string | null;
  buffer_pieces!: string | null;
}

/** The engine's last report on the stream. A field is null if the engine does not report it. */
export class EngineStatDto {
  /** Time of the poll. ISO 8601, UTC. */
  at!: string;
  engine_id!: string;
  status!: string | null;
  peers!: number | null;
  /** Download speed: the engine's KB/s × 8. */
  speed_down_kbps!: number | null;
  /** Upload speed: the engine's KB/s × 8. */
  speed_up_kbps!: number | null;
  downloaded_bytes!: number | null;
  uploaded_bytes!: number | null;
  livepos!: LivePositionDto | null;
}

/** One poll of the engine, under the names that acestream-orchestrator uses. */
export class StatSampleDto {
  /** ISO 8601, UTC. */
  ts!: string;
  peers!: number | null;
  /** KB/s, as the engine reports. */
  speed_down!: number | null;
  /** KB/s, as the engine reports. */
  speed_up!: number | null;
  /** Bytes. */
  downloaded!: number | null;
  /** Bytes. */
  uploaded!: number | null;
  status!: string | null;
  livepos!: LivePositionDto | null;
}

/**
 * Media seconds that viewers would still get if the source stopped now: the history between a viewer and the newest
 * byte. The buffers of players are not included.
 */
export class RunwayDto {
  /** Runway of the viewer that would run out of media first; 0 at the live edge. */
  least_s!: number;
  /** The median of all viewers. */
  typical_s!: number;
  /** Runway of the viewer that is furthest behind. */
  most_s!: number;
}

/** One elementary stream. A field is null if the media do not contain the fact, or if it does not apply. */
export class ElementaryStreamDto {
  pid!: number;
  kind!: 'video' | 'audio' | 'subtitle' | 'data';
  codec!: string;
  /** ISO 639. */
  language!: string | null;
  is_scrambled!: boolean;
  profile!: string | null;
  level!: string | null;
  width!: number | null;
  height!: number | null;
  /** Frames per second; two interlaced fields are one frame. */
  frame_rate!: number | null;
  /** True if pictures may consist of two fields. */
  is_interlaced!: boolean | null;
  sample_rate_hz!: number | null;
  /** Number of channels, including the low-frequency channel. */
  channels!: number | null;
}

/** The stream repeats old media, or its engine's live position shows that it does. */
export class LoopDto {
  cause!: 'media_repeats' | 'position_stands_still' | 'position_behind';
  /** Seconds of media after which the content repeats; null unless `cause` is `media_repeats`. */
  period_s!: number | null;
}

export class StreamStatsQueryDto {
  /** Only history after this time (ISO 8601). */
  @IsOptional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  since?: string;
}

/** Statistics of a stream: the reports of its engine, its media, and the runway of its viewers. */
export class StreamStatsDto {
  stream_id!: string;
  status!: string | null;
  peers!: number | null;
  /** Download speed: the engine's KB/s × 8. */
  speed_down_kbps!: number | null;
  /** Upload speed: the engine's KB/s × 8. */
  speed_up_kbps!: number | null;
  downloaded_bytes!: number | null;
  uploaded_bytes!: number | null;
  livepos!: LivePositionDto | null;
  /** Time of the engine's last report. ISO 8601, UTC. Null when it is older than 30 s or there is none. */
  sampled_at!: string | null;
  /** Bits per second, measured by the timestamps of the stream. */
  bitrate_bps!: number | null;
  /** Seconds of media in the history. */
  buffer_s!: number | null;
  runway!: RunwayDto | null;
  media!: ElementaryStreamDto[];
  looping!: LoopDto | null;
  /** True if the engine has had neither peers nor download speed for three minutes. */
  is_starving!: boolean;
  /** At most the last 720 polls, one every 2 s, oldest first. */
  history!: StatSampleDto[];
}
