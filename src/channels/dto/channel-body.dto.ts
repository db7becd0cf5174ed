import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  Matches,
  ValidateNested,
} from 'class-validator';
import { MAX_SOURCES } from '../channel';

const ACE_SCHEME = /^acestream:\/\//i;
const printableText = (max: number): RegExp => new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${max}}$`, 'u');

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
  @Matches(printableText(100), { message: 'label must be text of 1 to 100 characters' })
  label?: string | null;
}

/** A channel to create or replace. */
export class ChannelBodyDto {
  /** 1 to 200 characters. */
  @Matches(printableText(200), { message: 'name must be text of 1 to 200 characters' })
  name!: string;

  /** The sources, in the order in which they are tried while nothing is known of them. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_SOURCES)
  @ArrayUnique((source: { id?: unknown } | null) => source?.id ?? source, {
    message: 'sources must have each id once',
  })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ChannelSourceBodyDto)
  sources!: ChannelSourceBodyDto[];
}
