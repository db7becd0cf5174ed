import { ApiProperty } from '@nestjs/swagger';
import { GUIDE_FAULT_CODES, type GuideFaultCode } from '../guide-fault';

/** Why the last refresh of a source failed. */
export class GuideFaultDto {
  /** See docs/guide.md. */
  @ApiProperty({ enum: GUIDE_FAULT_CODES })
  code!: GuideFaultCode;

  /** One line for the operator. */
  detail!: string;
}

/** A source of the guide. */
export class GuideSourceDto {
  id!: string;

  name!: string;

  url!: string;

  /** Seconds between two refreshes. */
  @ApiProperty({ type: 'integer' })
  refresh_interval_s!: number;

  is_enabled!: boolean;

  /** `true` while the guide is fetched, or waits for another source. */
  is_refreshing!: boolean;

  /** When the present guide was fetched; `null` if there is none. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  fetched_at!: string | null;

  /** When the source was last asked, with or without success. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  checked_at!: string | null;

  /** When the next refresh begins; `null` while one runs, and for a source that is switched off. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  next_refresh_at!: string | null;

  /** Channels of the channel list that the present guide has programmes of. */
  @ApiProperty({ type: 'integer' })
  channels!: number;

  /** Programmes of these channels. */
  @ApiProperty({ type: 'integer' })
  programmes!: number;

  /** Why the last refresh failed; the present guide is then an earlier one. `null` if it succeeded. */
  @ApiProperty({ type: GuideFaultDto, nullable: true })
  last_error!: GuideFaultDto | null;
}

export class GuideSourceListDto {
  /** The sources in the order of their creation. If several have programmes of a channel, the first one provides them. */
  sources!: GuideSourceDto[];
}

export class GuideSourceRemovedDto {
  id!: string;

  message!: string;
}
