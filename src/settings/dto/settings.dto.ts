import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Equals, IsIn, IsObject, IsOptional } from 'class-validator';

/** Increases when the meaning of an export changes. */
export const SCHEMA_VERSION = 1;

/** A setting. Values are written as in the environment: `10s`, `32MiB`, `true`. */
export class SettingDto {
  /** Name of the variable. */
  name!: string;
  section!: string;
  description!: string;
  /** The allowed values. */
  allowed!: string;
  /** The value in force; null if it is not set; `********` for a secret. */
  value!: string | null;
  default!: string | null;
  /** `file`: the file `.env`, or the file of a secret. */
  @ApiProperty({ enum: ['default', 'env', 'file', 'api'] })
  source!: 'default' | 'env' | 'file' | 'api';
  /** `true`: the environment or a file sets it and wins, so it cannot be changed with the API. */
  is_locked!: boolean;
  /** The variables that lock it, and where they are set. */
  locked_by!: string | null;
  /** `true`: it can only be set in the environment. */
  is_environment_only!: boolean;
  /** `true`: a change takes effect at the next start. */
  needs_restart!: boolean;
  is_secret!: boolean;
  /** `true`: another value waits for a restart. */
  is_pending!: boolean;
  /** The value that waits for a restart. */
  pending_value!: string | null;
}

/** A stored value that has no effect. */
export class IgnoredSettingDto {
  name!: string;
  value!: string;
  /** `locked`: the environment or a file sets it and wins. */
  @ApiProperty({ enum: ['unknown', 'invalid', 'contradiction', 'environment_only', 'locked'] })
  reason!: 'unknown' | 'invalid' | 'contradiction' | 'environment_only' | 'locked';
  detail!: string;
}

export class SettingListDto {
  settings!: SettingDto[];
  /** Values that were set with the API and have no effect. `null` removes them, unless the API may not change the setting. */
  ignored!: IgnoredSettingDto[];
}

export class SettingsChangeDto {
  /** Names of the settings whose values have changed. */
  changed!: string[];
  /** Those of them that wait for a restart. */
  needs_restart!: string[];
  /** The changed settings, as they are now. */
  settings!: SettingDto[];
}

/** What differs from the defaults. */
export class SettingsExportDto {
  @ApiProperty({ type: 'integer' })
  schema_version!: number;
  /** Values by name; `********` for secrets. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  settings!: Record<string, string>;
  /** Settings that only the environment can change. An import ignores them. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  environment!: Record<string, string>;
}

/** An export. */
export class SettingsImportDto {
  @ApiProperty({ type: 'integer', enum: [SCHEMA_VERSION] })
  @Equals(SCHEMA_VERSION, { message: `schema_version must be ${SCHEMA_VERSION}` })
  schema_version!: number;

  /** Values by name. `********` leaves a secret as it is. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  @IsObject({ message: 'settings must be an object of names and values' })
  settings!: Record<string, unknown>;

  /** Ignored. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  @IsOptional()
  @IsObject({ message: 'environment must be an object of names and values' })
  environment?: Record<string, unknown>;
}

export class SettingsImportedDto {
  /** `true`: nothing was changed. */
  dry_run!: boolean;
  /** Names of the settings whose values have changed, or would change. */
  changed!: string[];
  /** Those of them that wait for a restart. */
  needs_restart!: string[];
}

export class SettingsImportQueryDto {
  /** `true`: check the import and show what would change. */
  @ApiPropertyOptional({ enum: ['true', 'false'], default: 'false' })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'dry_run must be true or false' })
  dry_run?: 'true' | 'false';
}
