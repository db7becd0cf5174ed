import { ApiProperty } from '@nestjs/swagger';
import { EVENT_LEVELS, type EventLevel } from '../../events';
import {
  DISABLED_REASONS,
  type DisabledReason,
  type Preset,
  PRESETS,
  WEBHOOK_STATES,
  type WebhookState,
} from '../webhook';

/** Why an attempt failed. */
export class WebhookFaultDto {
  /** See docs/webhooks.md. */
  code!: string;

  /** One line for the operator. */
  detail!: string;
}

/** A webhook, without its secrets. */
export class WebhookDto {
  id!: string;

  name!: string;

  /** Empty if it cannot be decrypted. */
  url!: string;

  is_enabled!: boolean;

  /** Why acefleet disabled the webhook itself; `null` if it did not. */
  @ApiProperty({ enum: DISABLED_REASONS, nullable: true })
  disabled_reason!: DisabledReason | null;

  /** `failing`: the last three attempts or more have failed. */
  @ApiProperty({ enum: WEBHOOK_STATES })
  state!: WebhookState;

  events!: string[];

  @ApiProperty({ enum: EVENT_LEVELS })
  min_level!: EventLevel;

  @ApiProperty({ enum: PRESETS })
  preset!: Preset;

  /** Names of the headers that are sent. Their values are not shown. */
  header_names!: string[];

  @ApiProperty({ type: String, nullable: true })
  template!: string | null;

  @ApiProperty({ type: 'integer' })
  max_attempts!: number;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  /** Until when the secret from before the last rotation signs too; `null` if none does. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  old_secret_until!: string | null;

  /** Deliveries that wait. */
  @ApiProperty({ type: 'integer' })
  pending!: number;

  /** Deliveries that were given up. */
  @ApiProperty({ type: 'integer' })
  dead_letters!: number;

  /** Notices that were not queued, because 1000 were waiting. */
  @ApiProperty({ type: 'integer' })
  dropped!: number;

  /** Since when every attempt has failed; `null` if the last one did not. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  failing_since!: string | null;

  /** When the receiver last accepted a notice. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  last_delivered_at!: string | null;

  /** Why the last attempt failed; `null` if it did not. */
  @ApiProperty({ type: WebhookFaultDto, nullable: true })
  last_error!: WebhookFaultDto | null;
}

/** A webhook with its secret, which no other answer shows. */
export class WebhookWithSecretDto extends WebhookDto {
  /** Key of the signatures, as Standard Webhooks define it: `whsec_` and base64. */
  secret!: string;
}

export class WebhookListDto {
  webhooks!: WebhookDto[];
}

export class WebhookRemovedDto {
  id!: string;

  message!: string;
}
