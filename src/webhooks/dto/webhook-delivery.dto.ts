import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { DeliveryState } from '../../storage';
import { NOTICE_KINDS, type NoticeKind } from '../notice';
import { WebhookFaultDto } from './webhook.dto';

export const DELIVERY_STATES = [
  'pending',
  'delivered',
  'dead',
] as const satisfies readonly DeliveryState[];

/** Filters and pages of the deliveries of a webhook. */
export class WebhookDeliveryQueryDto {
  /** Only deliveries in this state. */
  @ApiPropertyOptional({ enum: DELIVERY_STATES })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  /** Only older deliveries: `next` of the page before. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  before?: number;

  /** Maximum number of deliveries to return. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;
}

/** A notice for the receiver of a webhook. */
export class WebhookDeliveryDto {
  /** The receiver gets it as `webhook-id`, the same with each attempt. */
  id!: string;

  /** `dead`: it was given up. */
  @ApiProperty({ enum: DELIVERY_STATES })
  state!: DeliveryState;

  @ApiProperty({ enum: NOTICE_KINDS })
  kind!: NoticeKind;

  /** Type of the event. */
  type!: string;

  /** What it is about, such as `engine:ID`. */
  subject!: string;

  message!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: 'integer' })
  attempts!: number;

  /** When the next attempt is made; `null` unless it is pending. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  next_attempt_at!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  finished_at!: string | null;

  /** HTTP status of the last attempt; `null` if there was no answer. */
  @ApiProperty({ type: 'integer', nullable: true })
  last_status!: number | null;

  /** Why the last attempt failed; `null` if it did not. */
  @ApiProperty({ type: WebhookFaultDto, nullable: true })
  last_error!: WebhookFaultDto | null;

  /** Duration of the last attempt in milliseconds. */
  @ApiProperty({ type: 'integer', nullable: true })
  duration_ms!: number | null;
}

export class WebhookDeliveryListDto {
  /** The newest first. */
  deliveries!: WebhookDeliveryDto[];

  /** `before` of the next page; `null` if this is the last one. */
  @ApiProperty({ type: 'integer', nullable: true })
  next!: number | null;
}

export class WebhookReplayDto {
  /** Number of dead letters that are sent again. */
  @ApiProperty({ type: 'integer' })
  replayed!: number;
}
