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
  ApiProblems,
  CorsHeaders,
  type FastifyReply,
  type FastifyRequest,
  sendCorsPreflight,
} from '../http';
import { PROFILE_QUERY, readPlaylistQuery } from './playlist-query';
import { Playlists } from './playlists';
import { sendPlaylist } from './playlist';

const PATH = 'playlist.m3u';

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
  @ApiQuery(PROFILE_QUERY)
  @ApiProblems('not_found')
  @ApiProduces('audio/x-mpegurl')
  @ApiResponse({
    status: 200,
    description: 'The playlist',
    content: { 'audio/x-mpegurl': { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The playlist has not changed' })
  @CorsHeaders()
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = readPlaylistQuery(request);
    const playlist = await this.playlists.get(listBase(request, this.config.publicUrl), query);
    await sendPlaylist(request, reply, playlist);
  }
}
