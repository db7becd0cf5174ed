import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsOptional,
  IsString,
  Length,
  Matches,
} from 'class-validator';

const MAX_NAMES = 10_000;
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

const AreNames = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    IsArray(),
    ArrayMaxSize(MAX_NAMES),
    ArrayUnique(),
    IsString({ each: true }),
    Length(1, 100, { each: true }),
  );

/** New values of parts of a profile. */
export class ProfileRuleDto {
  /** Names of groups whose channels the profile has. Without these and `included_channels`, it has all channels. */
  @AreNames()
  included_groups?: string[];

  /** Names of groups whose channels the profile lacks. */
  @AreNames()
  excluded_groups?: string[];

  /** Ids of channels that the profile has, whatever their group is. */
  @AreNames()
  included_channels?: string[];

  /** Ids of channels that the profile lacks, whatever their group is. */
  @AreNames()
  excluded_channels?: string[];
}

/** A profile to create. */
export class CreateProfileDto {
  /** Part of the profile's addresses: 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter or digit. */
  @Matches(NAME, {
    message: 'name must be 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter or digit',
  })
  name!: string;

  /** Names of groups whose channels the profile has. Without these and `included_channels`, it has all channels. */
  @AreNames()
  included_groups?: string[];

  /** Names of groups whose channels the profile lacks. */
  @AreNames()
  excluded_groups?: string[];

  /** Ids of channels that the profile has, whatever their group is. */
  @AreNames()
  included_channels?: string[];

  /** Ids of channels that the profile lacks, whatever their group is. */
  @AreNames()
  excluded_channels?: string[];
}

/** A named part of the channels: `/profiles/{name}/playlist.m3u`. */
export class ProfileDto {
  name!: string;
  included_groups!: string[];
  excluded_groups!: string[];
  included_channels!: string[];
  excluded_channels!: string[];
  /** Number of visible channels that the profile has. */
  @ApiProperty({ type: 'integer' })
  channels!: number;
  /** Id of its tuner. */
  device_id!: string;
}

export class ProfileListDto {
  profiles!: ProfileDto[];
}

export class ProfileRemovedDto {
  name!: string;
  message!: string;
}
