import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

export class DashboardQueryDto {
  /** Length of the window in seconds, which ends now. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(60)
  @Max(604_800)
  window_seconds: number = 900;
}

export class NorthStarDto {
  global_active_streams!: number;
  /** What viewers take now, in Mbit/s; null before the second sample. */
  global_egress_bandwidth_mbps!: number | null;
  /** Share of the starts in the window that did not fail; null without starts. */
  system_success_rate_percent!: number | null;
  /** Viewers, including those that wait for a start. */
  proxy_active_clients!: number;
}

export class ActiveClientsDto {
  total!: number;
  /** Viewers of MPEG-TS and of files, including those that wait for a start. */
  ts!: number;
  hls!: number;
  /** Always null: `GET /proxy/sessions/{id}/clients` lists the viewers of a stream. */
  @ApiProperty({ type: Number, nullable: true })
  list!: null;
}

/** The last minute. */
export class RequestWindowDto {
  /** Not measured. */
  @ApiProperty({ type: Number, nullable: true })
  total_requests_1m!: null;
  /** Share of the starts that did not fail; null without starts. */
  success_rate_percent!: number | null;
  /** Viewers that left, per minute; null before the second sample. */
  disconnect_rate_per_min!: number | null;
  /** Not measured. */
  @ApiProperty({ type: Number, nullable: true })
  error_4xx_rate_per_min!: null;
  /** Not measured. */
  @ApiProperty({ type: Number, nullable: true })
  error_5xx_rate_per_min!: null;
  /** Mean time from the request for a content to its first byte; null without starts. */
  ttfb_avg_ms!: number | null;
  /** 95 % of the starts had their first byte within this time. */
  ttfb_p95_ms!: number | null;
}

export class ThroughputDto {
  /** Mbit/s from engines now. */
  ingress_mbps!: number | null;
  /** Mbit/s to viewers now. */
  egress_mbps!: number | null;
  /** Bits per second. */
  ingress_bps!: number | null;
  /** Bits per second. */
  egress_bps!: number | null;
  /** Since the start of acefleet. */
  ingress_total_bytes!: number;
  /** Since the start of acefleet. */
  egress_total_bytes!: number;
  /** In the window; null without samples. */
  window_ingress_total_bytes!: number | null;
  /** In the window; null without samples. */
  window_egress_total_bytes!: number | null;
}

/** Time to the first byte of the starts in the window. */
export class FirstByteDto {
  avg_ms!: number | null;
  p95_ms!: number | null;
}

export class DashboardProxyDto {
  @ApiProperty({ type: ActiveClientsDto })
  active_clients!: ActiveClientsDto;
  @ApiProperty({ type: RequestWindowDto })
  request_window_1m!: RequestWindowDto;
  /** Bits per second from engines now. */
  engine_ingress_bps!: number | null;
  @ApiProperty({ type: ThroughputDto })
  throughput!: ThroughputDto;
  @ApiProperty({ type: FirstByteDto })
  ttfb!: FirstByteDto;
}

export class EngineStateCountsDto {
  /** Engines that can be used and have a stream. */
  playing!: number;
  /** Engines that can be used and have no stream. */
  idle!: number;
  unhealthy!: number;
  /** Engines that have not answered yet. */
  unknown!: number;
}

export class DashboardEnginesDto {
  total!: number;
  /** Engines that answer, also suspect and draining ones. */
  healthy!: number;
  unhealthy!: number;
  /** Engines with a stream. */
  used!: number;
  @ApiProperty({ type: EngineStateCountsDto })
  state_counts!: EngineStateCountsDto;
  /** Not measured. */
  @ApiProperty({ type: Number, nullable: true })
  uptime_avg_seconds!: null;
}

/** Not measured. */
export class BufferPiecesDto {
  @ApiProperty({ type: Number, nullable: true })
  avg_pieces!: null;
  @ApiProperty({ type: Number, nullable: true })
  min_pieces!: null;
}

/** The speeds are between engines and their peers; null if no engine reports them. */
export class DashboardStreamsDto {
  active!: number;
  total_peers!: number | null;
  /** Mbit/s. */
  download_speed_mbps!: number | null;
  /** Mbit/s. */
  upload_speed_mbps!: number | null;
  @ApiProperty({ type: BufferPiecesDto })
  buffer!: BufferPiecesDto;
  /** Ids of the running streams. */
  @ApiProperty({ type: [String] })
  active_keys!: readonly string[];
}

/** Not measured: the load of the containers. `docker stats` shows it. */
export class DashboardDockerDto {
  @ApiProperty({ type: Number, nullable: true })
  cpu_percent!: null;
  @ApiProperty({ type: Number, nullable: true })
  memory_usage!: null;
  @ApiProperty({ type: Number, nullable: true })
  network_rx_bytes!: null;
  @ApiProperty({ type: Number, nullable: true })
  network_tx_bytes!: null;
  @ApiProperty({ type: Number, nullable: true })
  block_read_bytes!: null;
  @ApiProperty({ type: Number, nullable: true })
  block_write_bytes!: null;
  @ApiProperty({ type: Number, nullable: true })
  restart_total!: null;
  @ApiProperty({ type: Number, nullable: true })
  oom_killed_total!: null;
}

/** Means of one step; null where there is no sample, as while acefleet did not run. */
export class DashboardPointDto {
  /** Start of the step. ISO 8601, UTC. */
  timestamp!: string;
  ingress_mbps!: number | null;
  egress_mbps!: number | null;
  active_streams!: number | null;
  active_clients!: number | null;
}

export class DashboardHistoryDto {
  step_seconds!: number;
  @ApiProperty({ type: [DashboardPointDto] })
  points!: readonly DashboardPointDto[];
}

export class DashboardDto {
  /** ISO 8601, UTC. */
  timestamp!: string;
  window_seconds!: number;
  @ApiProperty({ type: NorthStarDto })
  north_star!: NorthStarDto;
  @ApiProperty({ type: DashboardProxyDto })
  proxy!: DashboardProxyDto;
  @ApiProperty({ type: DashboardEnginesDto })
  engines!: DashboardEnginesDto;
  @ApiProperty({ type: DashboardStreamsDto })
  streams!: DashboardStreamsDto;
  @ApiProperty({ type: DashboardDockerDto })
  docker!: DashboardDockerDto;
  /** The window in steps. */
  @ApiProperty({ type: DashboardHistoryDto })
  history!: DashboardHistoryDto;
}
