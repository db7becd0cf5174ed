import { Controller, Get, Head, Inject, Options, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { listBase, StreamRoute } from '../access';
import { CONFIG, type AppConfig } from '../config';
import {
  acceptsGzip,
  CORS_HEADERS,
  CorsHeaders,
  type FastifyReply,
  type FastifyRequest,
  isUnchanged,
  sendCorsPreflight,
} from '../http';
import { readPlaylistQuery } from './playlist-query';
import { Playlists } from './playlists';

const PATH = 'playlist.m3u';

const HEADERS = {
  'Content-Type': 'audio/x-mpegurl; charset=utf-8',
  // Clients may keep the playlist, but must ask whether it has changed.
  'Cache-Control': 'no-cache',
  Vary: 'Accept-Encoding',
  'Access-Control-Expose-Headers': `${CORS_HEADERS['Access-Control-Expose-Headers']}, ETag`,
} as const;

/** The playlist of all channels. */
@ApiTags('playlists')
@StreamRoute()
@Controller()
export class PlaylistController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly playlists: Playlists,
  ) {}

  @Options(PATH)
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
    summary: 'Get the channels as an M3U playlist',
    description:
      'All visible channels, sorted by number. Addresses begin with `PUBLIC_URL`, or with the address that the ' +
      'request used. `If-None-Match` and gzip are supported. Unknown parameters are ignored.',
  })
  @ApiQuery({
    name: 'group',
    required: false,
    isArray: true,
    type: String,
    description: 'Only channels of this group; may be repeated',
  })
  @ApiQuery({
    name: 'format',
    required: false,
    enum: ['ts', 'hls'],
    description: 'What the addresses return: MPEG-TS (the default) or HLS',
  })
  @ApiQuery({
    name: 'alive',
    required: false,
    enum: ['0', '1'],
    description: '`1`: without channels of which every source failed when it was last tried',
  })
  @ApiProduces('audio/x-mpegurl')
  @ApiResponse({
    status: 200,
    description: 'The playlist',
    content: { 'audio/x-mpegurl': { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The playlist has not changed' })
  @CorsHeaders()
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = readPlaylistQuery(request.url);
    const playlist = await this.playlists.get(listBase(request, this.config.publicUrl), query);
    const isGzip = acceptsGzip(request.headers['accept-encoding']);
    const etag = isGzip ? playlist.etags.gzip : playlist.etags.plain;
    void reply.headers({ ...HEADERS, ETag: etag });
    if (isUnchanged(request.headers['if-none-match'], etag)) {
      await reply.code(304).send();
      return;
    }
    if (isGzip) void reply.header('Content-Encoding', 'gzip');
    await reply.send(isGzip ? await playlist.gzipped() : playlist.body);
  }
}
