import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiConsumes,
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import {
  listBase,
  StreamAccess,
  streamCaller,
  StreamRoute,
  type StreamUser,
  UserActivity,
} from '../../access';
import { ChannelDirectory } from '../../channels';
import { CONFIG, type AppConfig } from '../../config';
import { slotLimit } from '../../engines';
import {
  AcceptsForms,
  CorsHeaders,
  publicAddress,
  type FastifyReply,
  type FastifyRequest,
} from '../../http';
import { AppError } from '../../kernel/errors';
import { Playlists } from '../playlists';
import { sendPlaylist } from '../send-playlist';
import { xtreamAccount } from './xtream-account';
import { XtreamCategories, xtreamStreams } from './xtream-catalogue';

const API = 'player_api.php';

/**
 * The channels for clients of Xtream Codes. Their credentials are the name and the secret of a user, also while
 * everybody may use the addresses of players.
 */
@ApiTags('playlists')
@StreamRoute()
@Controller()
export class XtreamController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly access: StreamAccess,
    private readonly activity: UserActivity,
    private readonly channels: ChannelDirectory,
    private readonly playlists: Playlists,
  ) {}

  @Get(API)
  @ApiOperation({
    summary: 'Describe the account and the channels, for clients of Xtream Codes',
    description:
      'Without `action`: the account. `get_live_categories` and `get_live_streams` list the groups and the channels. Every other action returns an empty list, because there are no films and series.',
  })
  @ApiQuery({ name: 'username', type: String, required: false })
  @ApiQuery({ name: 'password', type: String, required: false })
  @ApiQuery({ name: 'action', type: String, required: false })
  @ApiQuery({ name: 'category_id', type: String, required: false })
  @ApiResponse({ status: 200, description: 'An object for the account, else a list' })
  @CorsHeaders()
  get(@Req() request: FastifyRequest): object {
    return this.answer(request, parametersOf(request));
  }

  @Post(API)
  @HttpCode(200)
  @AcceptsForms()
  @ApiExcludeEndpoint()
  @ApiConsumes('application/x-www-form-urlencoded')
  @CorsHeaders()
  post(@Req() request: FastifyRequest, @Body() body: unknown): object {
    const parameters = parametersOf(request);
    if (body instanceof URLSearchParams) {
      for (const [name, value] of body) parameters.set(name, value);
    }
    const [username, password] = [parameters.get('username'), parameters.get('password')];
    if (username !== null && password !== null) {
      this.access.admitCredentials(request, username, password);
    }
    return this.answer(request, parameters);
  }

  @Get('get.php')
  @ApiOperation({
    summary: 'Get the channels as an M3U playlist, for clients of Xtream Codes',
    description: 'The same as `/playlist.m3u`; `output=m3u8` or `output=hls` asks for HLS.',
  })
  @ApiQuery({ name: 'username', type: String, required: false })
  @ApiQuery({ name: 'password', type: String, required: false })
  @ApiQuery({ name: 'output', type: String, required: false })
  @ApiProduces('audio/x-mpegurl')
  @ApiResponse({
    status: 200,
    description: 'The playlist',
    content: { 'audio/x-mpegurl': { schema: { type: 'string' } } },
  })
  @CorsHeaders()
  async playlist(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.userOf(request);
    const output = parametersOf(request).get('output') ?? '';
    const format = ['m3u8', 'hls'].includes(output.toLowerCase()) ? 'hls' : 'ts';
    const base = listBase(request, this.config.publicUrl);
    await sendPlaylist(request, reply, await this.playlists.get(base, { groups: [], format }));
  }

  /** @throws AppError `unauthorized` */
  private userOf(request: FastifyRequest): StreamUser {
    const { user } = streamCaller(request);
    if (user !== null) return user;
    throw new AppError(
      'unauthorized',
      'This address needs the name and the secret of a user, as username and password.',
    );
  }

  private answer(request: FastifyRequest, parameters: URLSearchParams): object {
    const user = this.userOf(request);
    const channels = this.channels.listVisible();
    switch (parameters.get('action') ?? '') {
      case '':
        return xtreamAccount(
          {
            username: user.name,
            password: streamCaller(request).addressPrefix.slice('/t/'.length),
            createdAtMs: user.createdAtMs,
            expiresAtMs: user.expiresAtMs,
            maxStreams: user.maxStreams ?? slotLimit(this.config),
            activeStreams: this.activity.of(user).streams,
          },
          publicAddress(request, this.config.publicUrl),
          Date.now(),
        );
      case 'get_live_categories':
        return new XtreamCategories(channels).list();
      case 'get_live_streams':
        return xtreamStreams(
          channels,
          new XtreamCategories(channels),
          parameters.get('category_id'),
        );
      default:
        return [];
    }
  }
}

function parametersOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}
