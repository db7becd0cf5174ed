import { Body, Controller, Delete, Get, Param, Patch, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ChannelDirectory } from '../../channels';
import { RenderedGuides } from '../../guide';
import { ApiProblems } from '../../http';
import {
  CreateProfileDto,
  ProfileDto,
  ProfileListDto,
  ProfileRemovedDto,
  ProfileRuleDto,
} from '../dto/profile.dto';
import { channelsOf, type Profile, type ProfileRule } from './profile';
import { Profiles } from './profiles';

const NAME = { name: 'name', type: String, description: 'Name of a profile', example: 'kids' };

/** Named parts of the channels. */
@ApiTags('playlists')
@Controller('api/v1/profiles')
export class ProfilesController {
  constructor(
    private readonly profiles: Profiles,
    private readonly channels: ChannelDirectory,
    private readonly guides: RenderedGuides,
  ) {}

  /** List profiles by name. */
  @Get()
  list(): ProfileListDto {
    return { profiles: this.profiles.list().map((profile) => this.toDto(profile)) };
  }

  /** Show a profile. */
  @Get(':name')
  @ApiParam(NAME)
  @ApiProblems('not_found')
  get(@Param('name') name: string): ProfileDto {
    return this.toDto(this.profiles.resolve(name));
  }

  /** Create a profile. Answers 409 for the name of another profile. */
  @Post()
  @ApiProblems('conflict')
  async create(@Body() body: CreateProfileDto): Promise<ProfileDto> {
    const rule = { ...NO_RULE, ...readRule(body) };
    return this.toDto(await this.profiles.create(body.name, rule));
  }

  /** Change parts of a profile. */
  @Patch(':name')
  @ApiParam(NAME)
  @ApiProblems('not_found')
  async change(@Param('name') name: string, @Body() body: ProfileRuleDto): Promise<ProfileDto> {
    return this.toDto(await this.profiles.change(name, readRule(body)));
  }

  /** Remove a profile. Its addresses then answer 404. Answers 409 for the profile of a user. */
  @Delete(':name')
  @NeedsScope('admin')
  @ApiParam(NAME)
  @ApiProblems('not_found', 'conflict')
  async remove(@Param('name') name: string): Promise<ProfileRemovedDto> {
    await this.profiles.remove(name);
    // What the disk does not remove now, the next guide that is written removes.
    await this.guides.forget(name).catch(() => undefined);
    return { name, message: 'The profile was removed.' };
  }

  private toDto(profile: Profile): ProfileDto {
    const { name, rule, deviceId } = profile;
    return {
      name,
      included_groups: [...rule.includedGroups],
      excluded_groups: [...rule.excludedGroups],
      included_channels: [...rule.includedChannels],
      excluded_channels: [...rule.excludedChannels],
      channels: channelsOf(profile, this.channels.listVisible()).length,
      device_id: deviceId,
    };
  }
}

const NO_RULE: ProfileRule = {
  includedGroups: [],
  excludedGroups: [],
  includedChannels: [],
  excludedChannels: [],
};

/** The parts of a rule that a body has. */
function readRule(body: ProfileRuleDto): Partial<ProfileRule> {
  return {
    ...(body.included_groups == null ? {} : { includedGroups: body.included_groups }),
    ...(body.excluded_groups == null ? {} : { excludedGroups: body.excluded_groups }),
    ...(body.included_channels == null ? {} : { includedChannels: body.included_channels }),
    ...(body.excluded_channels == null ? {} : { excludedChannels: body.excluded_channels }),
  };
}
