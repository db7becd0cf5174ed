import { Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { listBase, StreamRoute } from '../access';
import { ChannelDirectory } from '../channels';
import { CONFIG, type AppConfig } from '../config';
import { slotLimit } from '../engines';
import { type FastifyRequest } from '../http';
import { TunerChannelDto, TunerDeviceDto, TunerStatusDto } from './dto/tuner.dto';
import { TUNER_STATUS, tunerDevice, tunerDeviceXml, tunerLineup } from './tuner-device';
import { TunerIdentity } from './tuner-identity';

/** The channels as an HDHomeRun tuner, for media servers. */
@ApiTags('playlists')
@StreamRoute()
@Controller()
export class TunerController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly channels: ChannelDirectory,
    private readonly identity: TunerIdentity,
  ) {}

  @Get('discover.json')
  @ApiOperation({ summary: 'Describe the HDHomeRun tuner' })
  discover(@Req() request: FastifyRequest): TunerDeviceDto {
    const origin = listBase(request, this.config.publicUrl);
    // A media server may open the next channel before it has closed the last one.
    return tunerDevice(origin, this.identity.deviceId, slotLimit(this.config) + 1);
  }

  @Get('lineup.json')
  @ApiOperation({ summary: 'List the channels of the HDHomeRun tuner' })
  lineup(@Req() request: FastifyRequest): TunerChannelDto[] {
    const origin = listBase(request, this.config.publicUrl);
    return tunerLineup(origin, this.channels.listVisible());
  }

  @Get('lineup_status.json')
  @ApiOperation({ summary: 'Show whether the HDHomeRun tuner scans' })
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
  @ApiOperation({ summary: 'Describe the HDHomeRun tuner as a UPnP device' })
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
}
