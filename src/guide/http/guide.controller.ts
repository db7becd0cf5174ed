import { type FileHandle, open } from 'node:fs/promises';
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
import {
  acceptsGzip,
  CORS_HEADERS,
  CorsHeaders,
  type FastifyReply,
  type FastifyRequest,
  isUnchanged,
  sendCorsPreflight,
} from '../../http';
import { type RenderedGuide, RenderedGuides } from '../rendered-guides';

const PATH = 'epg.xml';
const PACKED_PATH = 'epg.xml.gz';
const PATHS = [PATH, PACKED_PATH];

const HEADERS = {
  // Clients may keep the guide, but must ask whether it has changed.
  'Cache-Control': 'no-cache',
  'Access-Control-Expose-Headers': `${CORS_HEADERS['Access-Control-Expose-Headers']}, ETag`,
} as const;

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
    const guide = await this.guideFor();
    const isGzip = acceptsGzip(request.headers['accept-encoding']);
    void reply.headers({
      'Content-Type': 'application/xml; charset=utf-8',
      Vary: 'Accept-Encoding',
    });
    if (isGzip) void reply.header('Content-Encoding', 'gzip');
    await send(guide, isGzip, request, reply);
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
    const guide = await this.guideFor();
    void reply.header('Content-Type', 'application/gzip');
    await send(guide, true, request, reply);
  }

  private guideFor(): Promise<RenderedGuide> {
    return this.guides.get(this.channels.listVisible());
  }
}

async function send(
  { key, path, gzipPath }: RenderedGuide,
  isGzip: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const etag = isGzip ? `"${key}-gzip"` : `"${key}"`;
  void reply.headers({ ...HEADERS, ETag: etag });
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    await reply.code(304).removeHeader('Content-Encoding').send();
    return;
  }
  const file: FileHandle = await open(isGzip ? gzipPath : path, 'r');
  const { size } = await file.stat();
  void reply.header('Content-Length', size);
  if (request.method === 'HEAD') {
    await file.close();
    await reply.send();
    return;
  }
  await reply.send(file.createReadStream());
}
