import { ApiProperty } from '@nestjs/swagger';
import { HISTORY_OUTCOMES, type HistoryOutcome } from '../../storage';
import { METRIC_NAMES, type MetricName } from '../metric';

/** A stream that has run, or runs now. */
export class PastStreamDto {
  /** Id of the stream. A later stream of the same content has the same id. */
  stream_id!: string;
  kind!: 'live' | 'recorded';
  infohash!: string | null;
  /** Id of the channel that was requested; null if the request named a content. */
  channel!: string | null;
  /** The name that the channel had. */
  channel_name!: string | null;
  /** `interrupted`: the process ended without notice; the figures are at most a minute older than its end. */
  @ApiProperty({ enum: HISTORY_OUTCOMES })
  outcome!: HistoryOutcome;
  /** Why it has ended; the code of the error if it failed. */
  reason!: string | null;
  /** ISO 8601, UTC. */
  started_at!: string;
  /** ISO 8601, UTC; null while it runs. */
  ended_at!: string | null;
  duration_s!: number;
  /** Viewers that received media. */
  viewers!: number;
  /** The most viewers at one time. */
  peak_viewers!: number;
  /** Sum of the time of all viewers. */
  viewer_minutes!: number;
  /** Bytes from engines. */
  bytes_in!: number;
  /** Bytes to viewers. */
  bytes_out!: number;
  /** Time from the request to the first byte from an engine; null if there was none. */
  first_byte_ms!: number | null;
  /** Time until viewers could join; null if they never could. */
  start_ms!: number | null;
  failovers!: number;
  /** Planned moves to another engine. */
  moves!: number;
  /** Time without media from a source. */
  stall_s!: number;
  /** Ids of the engines, in the order of their use; at most 20. */
  @ApiProperty({ type: [String] })
  engines!: readonly string[];
}

export class StreamHistoryDto {
  @ApiProperty({ type: [PastStreamDto] })
  streams!: readonly PastStreamDto[];
  /** For the next page; null at the end. */
  next_cursor!: string | null;
  /** Streams since the start of acefleet that are missing, because the disk refused them for too long. */
  lost!: number;
}

/** A channel, or a content that was requested without a channel. A stream that ran in the period counts as a whole. */
export class ChannelHistoryEntryDto {
  /** Id of the channel; null for a content. */
  channel!: string | null;
  /** The last name of the channel. */
  channel_name!: string | null;
  /** Id of the stream of a content; null for a channel. */
  stream_id!: string | null;
  /** Streams that were started for viewers. */
  starts!: number;
  /** Of these: streams that failed, at their start or later. */
  failed!: number;
  /** Number of failed streams by the code of their error. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  failures!: Readonly<Record<string, number>>;
  viewers!: number;
  viewer_minutes!: number;
  /** The most viewers of one stream at one time. */
  peak_viewers!: number;
  /** Mean time until viewers could join; null if they never could. */
  mean_start_ms!: number | null;
  failovers!: number;
  moves!: number;
  stall_s!: number;
  bytes_in!: number;
  bytes_out!: number;
  /** ISO 8601, UTC. */
  last_started_at!: string;
}

export class ChannelHistoryDto {
  @ApiProperty({ type: [ChannelHistoryEntryDto] })
  channels!: readonly ChannelHistoryEntryDto[];
  /** Streams since the start of acefleet that are missing, because the disk refused them for too long. */
  lost!: number;
}

/** The samples of one step. All values are null if there is none, as while acefleet did not run. */
export class SeriesPointDto {
  /** Start of the step. ISO 8601, UTC. */
  at!: string;
  min!: number | null;
  mean!: number | null;
  max!: number | null;
}

export class SeriesDto {
  @ApiProperty({ enum: METRIC_NAMES })
  metric!: MetricName;
  description!: string;
  /** Start of the first step. ISO 8601, UTC. */
  from!: string;
  /** End of the last step. ISO 8601, UTC. */
  to!: string;
  step_s!: number;
  @ApiProperty({ type: [SeriesPointDto] })
  points!: readonly SeriesPointDto[];
}

export class HistoryDeletedDto {
  message!: string;
}
