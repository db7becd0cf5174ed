import { Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { listBase, StreamRoute } from '../access';
import { ApiOperation, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ChannelDirectory } from '../channels';
import { CONFIG, type AppConfig } from '../config';
import { slotLimit } from '../engines';
import { ApiProblems, type FastifyRequest } from '../http';
import { TunerChannelDto, TunerDeviceDto, TunerStatusDto } from './dto/tuner.dto';
import { PROFILE_QUERY, requestedProfile } from './playlist-query';
import { channelsOf, type Profile } from './profiles/profile';
import { Profiles } from './profiles/profiles';
import { TUNER_STATUS, tunerDevice, tunerDeviceXml, tunerLineup } from './tuner-device';
import { TunerIdentity } from './tuner-identity';

/** The channels as an HDHomeRun tuner, for media servers. Each profile has a tuner of its own. */
@ApiTags('playlists')
@StreamRoute()
@Controller()
export class TunerController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly channels: ChannelDirectory,
    private readonly identity: TunerIdentity,
    private readonly profiles: Profiles,
  ) {}

  @Get('discover.json')
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiOperation({
    summary: 'Describe the HDHomeRun tuner',
    description: 'Media servers ask this first when a tuner is added by its address.',
  })
  discover(@Req() request: FastifyRequest): TunerDeviceDto {
    const profile = this.profileOf(request);
    const origin = listBase(request, this.config.publicUrl);
    const deviceId = profile?.deviceId ?? this.identity.deviceId;
    // A media server may open the next channel before it has closed the last one.
    return tunerDevice(origin, profile, deviceId, slotLimit(this.config) + 1);
  }

  @Get('lineup.json')
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiOperation({
    summary: 'List the channels of the HDHomeRun tuner',
    description: 'Visible channels with their numbers and the addresses of their streams.',
  })
  lineup(@Req() request: FastifyRequest): TunerChannelDto[] {
    const origin = listBase(request, this.config.publicUrl);
    return tunerLineup(origin, channelsOf(this.profileOf(request), this.channels.listVisible()));
  }

  @Get('lineup_status.json')
  @ApiOperation({
    summary: 'Show whether the HDHomeRun tuner scans',
    description: 'It never scans, because the line-up is always complete.',
  })
  status(): TunerStatusDto {
    return TUNER_STATUS;
  }

  /** Plex sends this when its user presses a button. */
  @Post('lineup.post')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Scan for channels',
    description: 'Does nothing, because the line-up is always complete.',
  })
  scan(): TunerStatusDto {
    return TUNER_STATUS;
  }

  @Get('device.xml')
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiOperation({
    summary: 'Describe the HDHomeRun tuner as a UPnP device',
    description: 'The same facts as in `/discover.json`, for clients that search by UPnP.',
  })
  @ApiProduces('application/xml')
  @ApiResponse({
    status: 200,
    description: 'The description',
    content: { 'application/xml': { schema: { type: 'string' } } },
  })
  @Header('Content-Type', 'application/xml; charset=utf-8')
  device(@Req() request: FastifyRequest): string {
    return tunerDeviceXml(this.discover(request));
  }

  /** @throws AppError `not_found` */
  private profileOf(request: FastifyRequest): Profile | null {
    return this.profiles.resolve(requestedProfile(request));
  }
}
