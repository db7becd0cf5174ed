import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { MAX_NUMBER, MAX_SOURCES } from '../channel';
import {
  isHttpAddress,
  MAX_ADDRESS_LENGTH,
  MAX_GROUP_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_NAME_LENGTH,
  MAX_TVG_ID_LENGTH,
  printableText,
} from '../channel-fields';

const ACE_SCHEME = /^acestream:\/\//i;

/** One content that broadcasts the channel's programme. */
export class ChannelSourceBodyDto {
  /** 40 hex digits; a leading `acestream://` is ignored. */
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(ACE_SCHEME, '').toLowerCase() : value,
  )
  @Matches(/^[0-9a-f]{40}$/, { message: 'id must be 40 hexadecimal digits' })
  id!: string;

  /** Kind of the id. */
  @ApiPropertyOptional({ enum: ['content_id', 'infohash'], default: 'content_id' })
  @IsOptional()
  @IsIn(['content_id', 'infohash'])
  kind?: 'content_id' | 'infohash';

  /** Free text, such as `HD` or `backup`. */
  @IsOptional()
  @Matches(printableText(1, MAX_LABEL_LENGTH), {
    message: 'label must be text of 1 to 100 characters',
  })
  label?: string | null;
}

const IsLogo = (): PropertyDecorator =>
  ValidateBy({
    name: 'logo',
    validator: {
      validate: isHttpAddress,
      defaultMessage: () =>
        `logo must be an http or https address of at most ${MAX_ADDRESS_LENGTH} characters, without blanks and quotes`,
    },
  });

const AreSources = (): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(MAX_SOURCES),
    ArrayUnique((source: { id?: unknown } | null) => source?.id ?? source, {
      message: 'sources must have each id once',
    }),
    IsObject({ each: true }),
    ValidateNested({ each: true }),
    Type(() => ChannelSourceBodyDto),
  );

const IsChannelNumber = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    IsInt({ message: 'number must be a whole number' }),
    Min(1, { message: 'number must be at least 1' }),
    Max(MAX_NUMBER, { message: `number must be at most ${MAX_NUMBER}` }),
  );

/** A channel to create or replace. */
export class ChannelBodyDto {
  /** 1 to 200 characters. */
  @Matches(printableText(1, MAX_NAME_LENGTH), {
    message: 'name must be text of 1 to 200 characters',
  })
  name!: string;

  /**
   * Number by which players list and select the channel, 1 to 99999. Without one, the channel keeps its present number;
   * a new channel gets the one above all others.
   */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_NUMBER, nullable: true })
  @IsChannelNumber()
  number?: number | null;

  /** Heading under which players list the channel, 1 to 100 characters. */
  @IsOptional()
  @Matches(printableText(1, MAX_GROUP_LENGTH), {
    message: 'group must be text of 1 to 100 characters',
  })
  group?: string | null;

  /** Address of a picture, `http` or `https`. */
  @IsOptional()
  @IsLogo()
  logo?: string | null;

  /** Id of the channel in a programme guide (XMLTV), 1 to 200 characters. */
  @IsOptional()
  @Matches(printableText(1, MAX_TVG_ID_LENGTH), {
    message: 'tvg_id must be text of 1 to 200 characters',
  })
  tvg_id?: string | null;

  /** `true`: playlists and line-ups leave the channel out. It can still be played. */
  @IsOptional()
  @IsBoolean({ message: 'is_hidden must be true or false' })
  is_hidden?: boolean;

  /** The sources, in the order in which they are tried while nothing is known of them. */
  @AreSources()
  sources!: ChannelSourceBodyDto[];
}

/** New values of some fields of a channel. */
export class ChannelEditDto {
  /** Number by which players list and select the channel, 1 to 99999. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_NUMBER, nullable: true })
  @IsChannelNumber()
  number?: number | null;

  /** `true`: playlists and line-ups leave the channel out. It can still be played. */
  @IsOptional()
  @IsBoolean({ message: 'is_hidden must be true or false' })
  is_hidden?: boolean;

  /** 1 to 200 characters. Null: as in the imported lists. */
  @IsOptional()
  @Matches(printableText(1, MAX_NAME_LENGTH), {
    message: 'name must be text of 1 to 200 characters',
  })
  name?: string | null;

  /** At most 100 characters; empty: no group. Null: as in the imported lists. */
  @IsOptional()
  @Matches(printableText(0, MAX_GROUP_LENGTH), {
    message: 'group must be text of at most 100 characters',
  })
  group?: string | null;

  /** Address of a picture, `http` or `https`; empty: no picture. Null: as in the imported lists. */
  @IsOptional()
  @ValidateIf((_, value) => value !== '')
  @IsLogo()
  logo?: string | null;

  /** Id of the channel in a programme guide (XMLTV); empty: no id. Null: as in the imported lists. */
  @IsOptional()
  @Matches(printableText(0, MAX_TVG_ID_LENGTH), {
    message: 'tvg_id must be text of at most 200 characters',
  })
  tvg_id?: string | null;

  /** The sources, in the order in which they are tried while nothing is known of them. Null: those of the imported lists. */
  @IsOptional()
  @AreSources()
  sources?: ChannelSourceBodyDto[] | null;
}
