import { Controller, Get, Head, Options, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Public } from '../../access';
import { ChannelDirectory } from '../../channels';
import { CorsHeaders, type FastifyReply, type FastifyRequest, sendCorsPreflight } from '../../http';
import { type RenderedGuide, RenderedGuides } from '../rendered-guides';
import { sendGuide, sendGuideFile } from './guide-answer';

const PATH = 'epg.xml';
const PACKED_PATH = 'epg.xml.gz';
const PATHS = [PATH, PACKED_PATH];

/** The programme guide of all channels. It needs no key, because players cannot send one. */
@ApiTags('guide')
@Public()
@Controller()
export class GuideController {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly guides: RenderedGuides,
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
      'The programmes of all visible channels that have a `tvg_id`, from the guide sources. The ids of channels are ' +
      'the `tvg-id` of the playlist. `If-None-Match` and gzip are supported.',
  })
  @ApiProduces('application/xml')
  @ApiResponse({
    status: 200,
    description: 'The guide',
    content: { 'application/xml': { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The guide has not changed' })
  @CorsHeaders()
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendGuide(await this.guideFor(), request, reply);
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
  @ApiProduces('application/gzip')
  @ApiResponse({
    status: 200,
    description: 'The guide',
    content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiResponse({ status: 304, description: 'The guide has not changed' })
  @CorsHeaders()
  async getPacked(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendGuideFile(await this.guideFor(), request, reply);
  }

  private guideFor(): Promise<RenderedGuide> {
    return this.guides.get(this.channels.listVisible());
  }
}
