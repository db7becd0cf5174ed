import { Controller, Get, Head, Options, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { StreamRoute } from '../access';
import { ChannelDirectory } from '../channels';
import { type RenderedGuide, RenderedGuides, sendGuide, sendGuideFile } from '../guide';
import {
  ApiProblems,
  CorsHeaders,
  type FastifyReply,
  type FastifyRequest,
  sendCorsPreflight,
} from '../http';
import { PROFILE_QUERY, requestedProfile } from './playlist-query';
import { channelsOf } from './profiles/profile';
import { Profiles } from './profiles/profiles';

const PATH = 'epg.xml';
const PACKED_PATH = 'epg.xml.gz';
const PATHS = [PATH, PACKED_PATH];

/** The programme guide of the channels in the playlist. */
@ApiTags('guide')
@StreamRoute()
@Controller()
export class GuideController {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly guides: RenderedGuides,
    private readonly profiles: Profiles,
  ) {}

  @Options(PATHS)
  @ApiExcludeEndpoint()
  options(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.hijack();
    sendCorsPreflight(request.raw, reply.raw, request.id);
  }

  @Head(PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  head(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.get(request, reply);
  }

  @Get(PATH)
  @ApiOperation({
    summary: 'Get the programme guide in the XMLTV format',
    description:
      'The programmes of the visible channels that have a `tvg_id`, from the guide sources. The ids of channels are ' +
      'the `tvg-id` of the playlist. `If-None-Match` and gzip are supported.',
  })
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiProduces('application/xml')
  @ApiResponse({
    status: 200,
    description: 'The guide',
    content: { 'application/xml': { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The guide has not changed' })
  @CorsHeaders()
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendGuide(() => this.guideFor(request), request, reply);
  }

  @Head(PACKED_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  headPacked(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.getPacked(request, reply);
  }

  @Get(PACKED_PATH)
  @ApiOperation({
    summary: 'Get the programme guide as a gzip file',
    description:
      'The same guide as `/epg.xml`, for clients that take its name to be that of a file.',
  })
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiProduces('application/gzip')
  @ApiResponse({
    status: 200,
    description: 'The guide',
    content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiResponse({ status: 304, description: 'The guide has not changed' })
  @CorsHeaders()
  async getPacked(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendGuideFile(() => this.guideFor(request), request, reply);
  }

  /** @throws AppError `not_found` for an unknown profile */
  private async guideFor(request: FastifyRequest): Promise<RenderedGuide> {
    const profile = this.profiles.resolve(requestedProfile(request));
    const channels = channelsOf(profile, this.channels.listVisible());
    return this.guides.get(channels, profile?.name ?? null);
  }
}
