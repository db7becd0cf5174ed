import { ApiProperty } from '@nestjs/swagger';

/** The names and types of all fields are those of Xtream Codes, which players read. */
export class XtreamUserDto {
  username!: string;
  password!: string;
  message!: string;
  /** 1: the credentials are right. */
  @ApiProperty({ type: 'integer' })
  auth!: number;
  status!: string;
  /** Seconds since 1970; null: the account does not expire. */
  @ApiProperty({ type: String, nullable: true })
  exp_date!: string | null;
  is_trial!: string;
  /** Streams that the user watches now. */
  active_cons!: string;
  /** Seconds since 1970. */
  created_at!: string;
  max_connections!: string;
  allowed_output_formats!: string[];
}

export class XtreamServerDto {
  /** Host name without scheme and port. */
  url!: string;
  port!: string;
  https_port!: string;
  server_protocol!: string;
  rtmp_port!: string;
  /** Time zone of `time_now` and of the guide's times. */
  timezone!: string;
  @ApiProperty({ type: 'integer' })
  timestamp_now!: number;
  time_now!: string;
}

export class XtreamAccountDto {
  user_info!: XtreamUserDto;
  server_info!: XtreamServerDto;
}

export class XtreamCategoryDto {
  category_id!: string;
  category_name!: string;
  @ApiProperty({ type: 'integer' })
  parent_id!: number;
}

export class XtreamStreamDto {
  @ApiProperty({ type: 'integer' })
  num!: number;
  name!: string;
  stream_type!: string;
  /** The channel's number. */
  @ApiProperty({ type: 'integer' })
  stream_id!: number;
  /** Address of a picture, or empty. */
  stream_icon!: string;
  /** Id of the channel in the guide. */
  @ApiProperty({ type: String, nullable: true })
  epg_channel_id!: string | null;
  added!: string;
  category_id!: string;
  @ApiProperty({ type: 'integer', isArray: true })
  category_ids!: number[];
  custom_sid!: string;
  /** Always 0: there is no archive. */
  @ApiProperty({ type: 'integer' })
  tv_archive!: number;
  direct_source!: string;
  @ApiProperty({ type: 'integer' })
  tv_archive_duration!: number;
}

export class XtreamListingDto {
  id!: string;
  epg_id!: string;
  /** Base64. */
  title!: string;
  lang!: string;
  /** `2026-01-31 18:00:00`, in UTC. */
  start!: string;
  end!: string;
  /** Base64. */
  description!: string;
  /** The `tvg_id` of the channel. */
  channel_id!: string;
  /** Seconds since 1970. */
  start_timestamp!: string;
  stop_timestamp!: string;
}

export class XtreamListingsDto {
  epg_listings!: XtreamListingDto[];
}
