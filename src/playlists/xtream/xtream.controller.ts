import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiConsumes,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { listBase, streamCaller, UserActivity, UserRoute } from '../../access';
import { ChannelDirectory, type ListedChannel } from '../../channels';
import { CONFIG, type AppConfig } from '../../config';
import { slotLimit } from '../../engines';
import {
  AcceptsForms,
  CorsHeaders,
  publicAddress,
  type FastifyReply,
  type FastifyRequest,
} from '../../http';
import { GuidePrograms, RenderedGuides, sendGuide } from '../../guide';
import { AppError } from '../../kernel/errors';
import { requestedProfile } from '../playlist-query';
import { Playlists } from '../playlists';
import { channelsOf } from '../profiles/profile';
import { Profiles } from '../profiles/profiles';
import { sendPlaylist } from '../playlist';
import type { XtreamAccountDto, XtreamListingsDto } from '../dto/xtream.dto';
import { xtreamAccount } from './xtream-account';
import { XtreamCategories, xtreamStreams } from './xtream-catalogue';
import { xtreamListing } from './xtream-listing';

const API = 'player_api.php';

/** Number of programmes in an answer to `get_short_epg` without a limit, as in Xtream Codes. */
const SHORT_LISTINGS = 4;
const MAX_LISTINGS = 200;

/**
 * The channels for clients of Xtream Codes. Their credentials are the name and the secret of a user, which they
 * need whatever STREAM_ACCESS is.
 */
@ApiTags('playlists')
@UserRoute()
@Controller()
export class XtreamController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly activity: UserActivity,
    private readonly channels: ChannelDirectory,
    private readonly playlists: Playlists,
    private readonly profiles: Profiles,
    private readonly guides: RenderedGuides,
    private readonly programs: GuidePrograms,
  ) {}

  @Get(API)
  @ApiOperation({
    summary: 'Describe the account and the channels, for clients of Xtream Codes',
    description:
      'Without `action`: the account. `get_live_categories` and `get_live_streams` list the groups and the channels, `get_short_epg` and `get_simple_data_table` the next programmes of a channel. Every other action returns an empty list, because there are no films and series.',
  })
  @ApiQuery({ name: 'username', type: String, required: false, description: 'Name of the user.' })
  @ApiQuery({ name: 'password', type: String, required: false, description: 'Secret of the user.' })
  @ApiQuery({
    name: 'action',
    type: String,
    required: false,
    description: 'What to list; the account if it is missing.',
  })
  @ApiQuery({
    name: 'category_id',
    type: String,
    required: false,
    description: 'Only channels of this group.',
  })
  @ApiQuery({
    name: 'stream_id',
    type: String,
    required: false,
    description: 'The channel, by the id that `get_live_streams` lists.',
  })
  @ApiQuery({
    name: 'limit',
    type: String,
    required: false,
    description: 'Maximum number of programmes.',
  })
  @ApiResponse({ status: 200, description: 'An object for the account, else a list' })
  @CorsHeaders()
  get(@Req() request: FastifyRequest): Promise<object> {
    return this.answer(request, parametersOf(request));
  }

  @Post(API)
  @HttpCode(200)
  @AcceptsForms()
  @ApiOperation({
    summary: 'Describe the account and the channels, for clients that send a form',
    description: 'The same as `GET`, with the parameters in the query or in a form.',
  })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiResponse({ status: 200, description: 'An object for the account, else a list' })
  @CorsHeaders()
  post(@Req() request: FastifyRequest, @Body() body: unknown): Promise<object> {
    const parameters = parametersOf(request);
    if (body instanceof URLSearchParams) {
      for (const [name, value] of body) parameters.set(name, value);
    }
    return this.answer(request, parameters);
  }

  @Get('get.php')
  @ApiOperation({
    summary: 'Get the channels as an M3U playlist, for clients of Xtream Codes',
    description: 'The same as `/playlist.m3u`; `output=m3u8` or `output=hls` asks for HLS.',
  })
  @ApiQuery({ name: 'username', type: String, required: false, description: 'Name of the user.' })
  @ApiQuery({ name: 'password', type: String, required: false, description: 'Secret of the user.' })
  @ApiQuery({
    name: 'output',
    type: String,
    required: false,
    description: '`m3u8` or `hls` for HLS.',
  })
  @ApiProduces('audio/x-mpegurl')
  @ApiResponse({
    status: 200,
    description: 'The playlist',
    content: { 'audio/x-mpegurl': { schema: { type: 'string' } } },
  })
  @CorsHeaders()
  async playlist(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const output = parametersOf(request).get('output') ?? '';
    const format = ['m3u8', 'hls'].includes(output.toLowerCase()) ? 'hls' : 'ts';
    const base = listBase(request, this.config.publicUrl);
    const query = {
      groups: [],
      format,
      isAliveOnly: false,
      profile: requestedProfile(request),
    } as const;
    await sendPlaylist(request, reply, await this.playlists.get(base, query));
  }

  @Get('xmltv.php')
  @ApiOperation({
    summary: 'Get the programme guide, for clients of Xtream Codes',
    description: 'The same as `/epg.xml`.',
  })
  @ApiQuery({ name: 'username', type: String, required: false, description: 'Name of the user.' })
  @ApiQuery({ name: 'password', type: String, required: false, description: 'Secret of the user.' })
  @ApiProduces('application/xml')
  @ApiResponse({
    status: 200,
    description: 'The guide',
    content: { 'application/xml': { schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The guide has not changed' })
  @CorsHeaders()
  async guide(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const profile = requestedProfile(request);
    await sendGuide(() => this.guides.get(this.channelsFor(request), profile), request, reply);
  }

  private accountOf(request: FastifyRequest): XtreamAccountDto {
    const { user, secret } = streamCaller(request);
    if (user === null || secret === null) throw new Error('a route for users was open to others');
    return xtreamAccount(
      {
        username: user.name,
        password: secret,
        createdAtMs: user.createdAtMs,
        expiresAtMs: user.expiresAtMs,
        maxStreams: user.maxStreams ?? slotLimit(this.config),
        activeStreams: this.activity.of(user).streams,
      },
      publicAddress(request, this.config.publicUrl),
      Date.now(),
    );
  }

  private channelsFor(request: FastifyRequest): readonly ListedChannel[] {
    const profile = this.profiles.resolve(requestedProfile(request));
    return channelsOf(profile, this.channels.listVisible());
  }

  private async answer(request: FastifyRequest, parameters: URLSearchParams): Promise<object> {
    switch (parameters.get('action') ?? '') {
      // Needs no profile, so that a login works in any case.
      case '':
        return this.accountOf(request);
      case 'get_live_categories':
        return new XtreamCategories(this.channelsFor(request)).list();
      case 'get_live_streams': {
        const channels = this.channelsFor(request);
        const categories = new XtreamCategories(channels);
        return xtreamStreams(channels, categories, parameters.get('category_id'));
      }
      case 'get_short_epg':
        return this.listingsOf(parameters, SHORT_LISTINGS);
      case 'get_simple_data_table':
        return this.listingsOf(parameters, MAX_LISTINGS);
      default:
        return [];
    }
  }

  /** The next programmes of a channel; none for a channel without a guide. */
  private async listingsOf(parameters: URLSearchParams, usual: number): Promise<XtreamListingsDto> {
    const channel = this.channels.withNumber(Number(parameters.get('stream_id')));
    const limit = Number(parameters.get('limit') ?? usual);
    if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LISTINGS) {
      throw new AppError('invalid_request', `limit must be a whole number up to ${MAX_LISTINGS}.`);
    }
    if (channel?.tvgId == null) return { epg_listings: [] };
    const nowS = Math.floor(Date.now() / 1000);
    const programmes = await this.programs.of(channel.tvgId, nowS, limit);
    return { epg_listings: programmes.map((one) => xtreamListing(channel, one)) };
  }
}

function parametersOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}
