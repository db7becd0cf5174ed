import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Matches, Max, Min, ValidateBy } from 'class-validator';
import {
  isHttpAddress,
  MAX_ADDRESS_LENGTH,
  MAX_IMPORT_NAME_LENGTH,
  printableText,
} from '../channel-fields';
import type { ChangeKind } from '../import/import-plan';
import type { ImportState } from '../import/channel-imports';
import type { SkipReason } from '../import/m3u-list';
import { EDITABLE_FIELDS } from './channel.dto';

/** 5 min and 30 days. */
export const REFRESH_INTERVALS_S = [300, 2_592_000] as const;

/** The name of an import. */
const IsImportName = (): PropertyDecorator =>
  Matches(printableText(1, MAX_IMPORT_NAME_LENGTH), {
    message: `name must be text of 1 to ${MAX_IMPORT_NAME_LENGTH} characters`,
  });

const IsListAddress = (): PropertyDecorator =>
  ValidateBy({
    name: 'url',
    validator: {
      validate: isHttpAddress,
      defaultMessage: () =>
        `url must be an http or https address of at most ${MAX_ADDRESS_LENGTH} characters, without blanks and quotes`,
    },
  });

/** A list to fetch and import once. */
export class ImportAddressDto {
  /** Address of an M3U list, `http` or `https`. */
  @IsListAddress()
  url!: string;

  /** Name of the import; the host of the address by default. A list with the same name is replaced. */
  @IsOptional()
  @IsImportName()
  name?: string;
}

/** A list to fetch and import again and again. */
export class CreateImportDto {
  /** 1 to 100 characters. */
  @IsImportName()
  name!: string;

  /** Address of an M3U list, `http` or `https`. */
  @IsListAddress()
  url!: string;

  /** Time between two imports, 5 min to 30 days. */
  @ApiPropertyOptional({
    type: 'integer',
    minimum: REFRESH_INTERVALS_S[0],
    maximum: REFRESH_INTERVALS_S[1],
    default: 86_400,
  })
  @IsOptional()
  @IsInt()
  @Min(REFRESH_INTERVALS_S[0])
  @Max(REFRESH_INTERVALS_S[1])
  refresh_interval_s?: number;

  /** `false`: the list is fetched only by request. */
  @IsOptional()
  @IsBoolean()
  is_enabled?: boolean;
}

/** New values of some fields of an import. */
export class UpdateImportDto {
  /** 1 to 100 characters. */
  @IsOptional()
  @IsImportName()
  name?: string;

  /** Address of an M3U list, `http` or `https`. */
  @IsOptional()
  @IsListAddress()
  url?: string;

  /** Time between two imports, 5 min to 30 days. */
  @ApiPropertyOptional({
    type: 'integer',
    minimum: REFRESH_INTERVALS_S[0],
    maximum: REFRESH_INTERVALS_S[1],
  })
  @IsOptional()
  @IsInt()
  @Min(REFRESH_INTERVALS_S[0])
  @Max(REFRESH_INTERVALS_S[1])
  refresh_interval_s?: number;

  /** `false`: the list is fetched only by request. */
  @IsOptional()
  @IsBoolean()
  is_enabled?: boolean;
}

/** Why a list was not imported. */
export class ImportErrorDto {
  /** A code of docs/errors.md. */
  code!: string;
  detail!: string;
}

/** A list from which channels are imported. */
export class ImportDto {
  id!: string;
  name!: string;
  /** Null: the list was sent, or fetched once. */
  url!: string | null;
  @ApiProperty({ type: 'integer' })
  refresh_interval_s!: number;
  /** `false`: the list is fetched only by request. */
  is_enabled!: boolean;
  /** `pending`: never fetched; `ok` and `failed`: result of the last attempt. */
  @ApiProperty({ enum: ['pending', 'refreshing', 'ok', 'failed'] })
  state!: ImportState;
  /** Why the last attempt failed. */
  last_error!: ImportErrorDto | null;
  created_at!: string;
  /** Time of the last attempt. ISO 8601, UTC. */
  tried_at!: string | null;
  /** Time of the last success. */
  refreshed_at!: string | null;
  next_refresh_at!: string | null;
  /** Number of channels that the list has. */
  @ApiProperty({ type: 'integer' })
  channels!: number;
  /** Number of channels that the list had before, but lacks now. */
  @ApiProperty({ type: 'integer' })
  missing_channels!: number;
}

export class ImportListDto {
  imports!: ImportDto[];
}

export class ImportRemovedDto {
  id!: string;
  message!: string;
}

/** An entry of a list that became no source. */
export class SkippedLineDto {
  /** Line of the address in the list, from 1. */
  @ApiProperty({ type: 'integer' })
  line!: number;
  /** `too_many_sources`: the channel has 16 sources already. */
  @ApiProperty({ enum: ['no_acestream_content', 'too_many_sources'] })
  reason!: SkipReason;
}

/** What an import changes about one channel. */
export class ChannelChangeDto {
  channel_id!: string;
  name!: string;
  /** `missing`: no list has the channel any longer; `returned`: a list has it again. */
  @ApiProperty({ enum: ['added', 'changed', 'missing', 'returned'] })
  change!: ChangeKind;
  /** Fields with a new value; empty for a new channel. */
  @ApiProperty({ enum: EDITABLE_FIELDS, isArray: true })
  fields!: (typeof EDITABLE_FIELDS)[number][];
}

/** What an import has changed, or would change. */
export class ImportResultDto {
  is_dry_run!: boolean;
  /** Null for a dry run of a new import. */
  import_id!: string | null;
  import_name!: string;
  /** Number of addresses of AceStream content in the list. */
  @ApiProperty({ type: 'integer' })
  entries!: number;
  /** Number of channels in the list. */
  @ApiProperty({ type: 'integer' })
  channels!: number;
  @ApiProperty({ type: 'integer' })
  added!: number;
  @ApiProperty({ type: 'integer' })
  changed!: number;
  @ApiProperty({ type: 'integer' })
  missing!: number;
  @ApiProperty({ type: 'integer' })
  returned!: number;
  /** Number of entries that became no source. */
  @ApiProperty({ type: 'integer' })
  skipped!: number;
  /** The first 100 of them. */
  skipped_lines!: SkippedLineDto[];
  /** The first 100 channels with a change. */
  changes!: ChannelChangeDto[];
}
