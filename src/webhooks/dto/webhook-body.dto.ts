import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { EVENT_LEVELS, type EventLevel } from '../../events';
import { TEMPLATE_NAMES, unknownPlaceholder } from '../message-template';
import {
  CATEGORIES,
  DEFAULT_EVENTS,
  isSelector,
  MAX_ATTEMPTS,
  type Preset,
  PRESETS,
} from '../webhook';

const MAX_ADDRESS_LENGTH = 2048;
const MAX_SELECTORS = 50;
const MAX_TEMPLATE_LENGTH = 1000;
const MAX_HEADERS = 20;
const MAX_VALUE_LENGTH = 4096;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Headers that acefleet sets itself, or that say how a request ends. */
const RESERVED =
  /^(?:webhook-.*|content-(?:length|type|encoding)|host|connection|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/i;

const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const NAME_RULE = { message: 'name must be text of 1 to 100 characters' };
const URL_RULE = rule(
  'url',
  isHttpAddress,
  `url must be an http or https address of at most ${MAX_ADDRESS_LENGTH} characters`,
);
const SELECTOR_RULE = rule(
  'events',
  (value) => typeof value === 'string' && isSelector(value),
  `events must be a list of problems, all, ${CATEGORIES.join(', ')} and types of events`,
);
const HEADERS_RULE = rule(
  'headers',
  areHeaders,
  `headers must be an object of at most ${MAX_HEADERS} names with printable ASCII texts or null, without those that acefleet sets itself`,
);
const TEMPLATE_RULE = rule(
  'template',
  isTemplate,
  `template must be text of 1 to ${MAX_TEMPLATE_LENGTH} characters with no other placeholders than ${TEMPLATE_NAMES.map((name) => `{${name}}`).join(' ')}, or null`,
);

function rule(name: string, validate: (value: unknown) => boolean, message: string) {
  return { name, validator: { validate, defaultMessage: () => message } };
}

function isHttpAddress(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= MAX_ADDRESS_LENGTH &&
    /^https?:\/\//i.test(value) &&
    URL.canParse(value)
  );
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value as Record<string, unknown>);
  return (
    entries.length <= MAX_HEADERS &&
    entries.every(
      ([name, text]) =>
        HEADER_NAME.test(name) &&
        !RESERVED.test(name) &&
        (text === null ||
          (typeof text === 'string' && text.length <= MAX_VALUE_LENGTH && HEADER_VALUE.test(text))),
    )
  );
}

function isTemplate(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'string' || value.trim() === '') return false;
  return value.length <= MAX_TEMPLATE_LENGTH && unknownPlaceholder(value) === null;
}

/** Terms of a webhook that may be left out. */
class WebhookOptionsDto {
  /** `false`: nothing is sent. */
  @ApiPropertyOptional({ type: 'boolean', default: true })
  @ValidateIf(isGiven)
  @IsBoolean({ message: 'is_enabled must be true or false' })
  is_enabled?: boolean;

  /**
   * What is sent: `problems` (problems, their recoveries, and subjects that flap), `all`, categories and types of events.
   */
  @ApiPropertyOptional({ type: [String], default: DEFAULT_EVENTS, example: ['problems'] })
  @ValidateIf(isGiven)
  @IsArray({ message: 'events must be a list' })
  @ArrayMinSize(1, { message: 'events must not be empty' })
  @ArrayMaxSize(MAX_SELECTORS, { message: `events must have at most ${MAX_SELECTORS} entries` })
  @ValidateBy(SELECTOR_RULE, { each: true })
  events?: string[];

  /** The lowest level that is sent. A recovery has the level of its problem. */
  @ApiPropertyOptional({ enum: EVENT_LEVELS, default: 'info' })
  @ValidateIf(isGiven)
  @IsIn(EVENT_LEVELS, { message: `min_level must be one of ${EVENT_LEVELS.join(', ')}` })
  min_level?: EventLevel;

  /** The form of the requests: that of Standard Webhooks, or the one that a service expects. */
  @ApiPropertyOptional({ enum: PRESETS, default: 'standard' })
  @ValidateIf(isGiven)
  @IsIn(PRESETS, { message: `preset must be one of ${PRESETS.join(', ')}` })
  preset?: Preset;

  /**
   * Headers of each request, such as an access token. No answer shows their values. In a change, headers that are not
   * named stay, and `null` removes one.
   */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', nullable: true },
    example: { 'X-Gotify-Key': 'A1b2C3' },
  })
  @ValidateIf(isGiven)
  @ValidateBy(HEADERS_RULE)
  headers?: Record<string, string | null>;

  /** The message, with placeholders such as `{text}`; null: `{text}`. Not for the preset `standard`. */
  @ApiPropertyOptional({ type: String, nullable: true, example: '{text} ({subject})' })
  @ValidateIf(isGiven)
  @ValidateBy(TEMPLATE_RULE)
  template?: string | null;

  /** Attempts until a delivery is a dead letter, 1 to 8. Eight take about a day. */
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_ATTEMPTS,
    default: MAX_ATTEMPTS,
  })
  @ValidateIf(isGiven)
  @IsInt({ message: 'max_attempts must be a whole number' })
  @Min(1, { message: 'max_attempts must be at least 1' })
  @Max(MAX_ATTEMPTS, { message: `max_attempts must be at most ${MAX_ATTEMPTS}` })
  max_attempts?: number;
}

/** A webhook to create. */
export class WebhookBodyDto extends WebhookOptionsDto {
  /** 1 to 100 characters. */
  @Matches(NAME, NAME_RULE)
  name!: string;

  /** Address of the receiver, `http` or `https`. */
  @ApiProperty({ example: 'https://ntfy.example/acefleet-alarms' })
  @ValidateBy(URL_RULE)
  url!: string;
}

/** The terms of a webhook to change. */
export class WebhookChangesDto extends WebhookOptionsDto {
  /** 1 to 100 characters. */
  @ValidateIf(isGiven)
  @Matches(NAME, NAME_RULE)
  name?: string;

  /** Address of the receiver, `http` or `https`. */
  @ValidateIf(isGiven)
  @ValidateBy(URL_RULE)
  url?: string;
}

/** Unlike `@IsOptional`, null does not count as absent. */
function isGiven(_: object, value: unknown): boolean {
  return value !== undefined;
}
