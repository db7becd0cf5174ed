import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { isNetwork } from '../../config';

const MAX_CIDRS = 50;
const MAX_STREAMS = 1000;
/** Part of an address, so it must not need escapes there. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@~-]{0,63}$/;
const NAME_FORM =
  'name must be 1 to 64 characters of A-Z a-z 0-9 . _ @ ~ -, beginning with a letter or digit';
const PROFILE = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Unlike `IsOptional`, does not accept null. */
const IsGivenOrMissing = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
const IsGivenOrNull = (): PropertyDecorator =>
  ValidateIf((_, value) => value !== undefined && value !== null);

function isTime(value: unknown): boolean {
  return typeof value === 'string' && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value));
}

/** What an administrator decides about a user, except the name. */
class StreamUserFactsDto {
  /** `false`: the user may not watch. */
  @ApiPropertyOptional({ default: true })
  @IsGivenOrMissing()
  @IsBoolean({ message: 'is_enabled must be true or false' })
  is_enabled?: boolean;

  /** When the user may no longer watch. ISO 8601 with a time zone; null: never. */
  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  @IsGivenOrNull()
  @ValidateBy({
    name: 'expires_at',
    validator: {
      validate: isTime,
      defaultMessage: () => 'expires_at must be a time such as 2031-12-31T23:59:59Z, or null',
    },
  })
  expires_at?: string | null;

  /** Streams at once, 1 to 1000; null: no limit. One content on one device is one stream. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_STREAMS, nullable: true })
  @IsGivenOrNull()
  @IsInt({ message: 'max_streams must be a whole number, or null' })
  @Min(1, { message: 'max_streams must be at least 1' })
  @Max(MAX_STREAMS, { message: `max_streams must be at most ${MAX_STREAMS}` })
  max_streams?: number | null;

  /** Addresses and networks from which the user may come, at most 50; empty: any. */
  @ApiPropertyOptional({ type: [String], example: ['192.168.0.0/16', '2001:db8::/32'] })
  @IsGivenOrMissing()
  @IsArray({ message: 'cidrs must be a list' })
  @ArrayMaxSize(MAX_CIDRS, { message: `cidrs must have at most ${MAX_CIDRS} entries` })
  @ValidateBy(
    {
      name: 'cidrs',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isNetwork(value),
        defaultMessage: () =>
          'cidrs must contain IP addresses and networks, such as 192.168.0.0/16',
      },
    },
    { each: true },
  )
  cidrs?: string[];

  /** Name of the profile of the user's lists, unless a request names another one; null: all channels. */
  @ApiPropertyOptional({ type: String, nullable: true })
  @IsGivenOrNull()
  @Matches(PROFILE, { message: 'profile must be text of 1 to 100 characters, or null' })
  profile?: string | null;
}

/** A user to create. */
export class StreamUserBodyDto extends StreamUserFactsDto {
  /**
   * Unique, also the user name of Xtream Codes clients: 1 to 64 letters, digits, dots, hyphens, underscores, tildes and
   * at signs, beginning with a letter or digit. Upper and lower case differ, but two users cannot differ only by it.
   */
  @Matches(NAME, { message: NAME_FORM })
  name!: string;
}

/** What to change of a user. Missing fields stay as they are. */
export class StreamUserChangeDto extends StreamUserFactsDto {
  /** As at the creation of a user. */
  @IsGivenOrMissing()
  @Matches(NAME, { message: NAME_FORM })
  name?: string;
}

/** A user of streams. */
export class StreamUserDto {
  id!: string;
  name!: string;
  is_enabled!: boolean;
  /** ISO 8601, UTC; null: never. */
  expires_at!: string | null;
  /** Null: no limit. */
  max_streams!: number | null;
  /** Empty: any address. */
  cidrs!: string[];
  /** Null: all channels. */
  profile!: string | null;
  /** Viewers now, including those that wait for a start. */
  viewers!: number;
  /** Streams now, as `max_streams` counts them. */
  streams!: number;
  /** ISO 8601, UTC. */
  created_at!: string;
  /** Time of the latest request with the user's secret. ISO 8601, UTC. */
  last_seen_at!: string | null;
}

export class StreamUserListDto {
  users!: StreamUserDto[];
}

/** What Xtream Codes clients ask for. */
export class XtreamLoginDto {
  @ApiProperty({ example: 'http://192.168.1.5:8000' })
  server!: string;
  username!: string;
  password!: string;
}

/** The addresses of a user. They contain the user's secret. */
export class StreamUserLinksDto {
  @ApiProperty({ example: 'http://192.168.1.5:8000/t/TOKEN/playlist.m3u' })
  playlist!: string;
  /** The programme guide, XMLTV. */
  @ApiProperty({ example: 'http://192.168.1.5:8000/t/TOKEN/epg.xml' })
  guide!: string;
  /** The address to enter for an HDHomeRun tuner. */
  @ApiProperty({ example: 'http://192.168.1.5:8000/t/TOKEN' })
  tuner!: string;
  xtream!: XtreamLoginDto;
}

export class StreamUserRemovedDto {
  id!: string;
  message!: string;
}
