import { Controller, Get, Head, Inject, Param, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { listBase, StreamRoute } from '../../access';
import { ChannelDirectory, type ListedChannel } from '../../channels';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems, CORS_HEADERS, CorsHeaders } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { ParsedQuery, type StreamQuery } from './stream-query';
import { StreamRequestHandler } from './stream-request-handler';

export const XTREAM_STREAM_PATH = 'live/:file';
const FILE = /^([1-9]\d{0,4})(?:\.(ts|m3u8))?$/;

/**
 * A channel by its number, at the address at which clients of Xtream Codes play it. The credentials in that address
 * are checked and removed before it is routed.
 */
@ApiTags('streaming')
@StreamRoute()
@Controller()
export class XtreamStreamController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly channels: ChannelDirectory,
    private readonly streams: StreamRequestHandler,
  ) {}

  @Head(XTREAM_STREAM_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  async head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('file') file: string,
  ): Promise<void> {
    const { channel, isHls } = this.requested(file);
    if (isHls) await this.redirectToHls(request, reply, channel);
    else this.streams.handleHead(selectorOf(channel), request, reply);
  }

  @Get(XTREAM_STREAM_PATH)
  @ApiOperation({
    summary: 'Watch the channel with this number, for clients of Xtream Codes',
    description:
      'Their addresses are `/live/USER/PASSWORD/5.ts`, `/live/USER/PASSWORD/5.m3u8` and `/USER/PASSWORD/5`. ' +
      'MPEG-TS is the same stream as `/ace/getstream?channel=…`; HLS redirects to `/ace/manifest.m3u8?channel=…`.',
  })
  @ApiParam({
    name: 'file',
    type: String,
    description: 'Number of a channel, followed by `.ts`, `.m3u8` or nothing',
  })
  @ApiProduces('video/mp2t')
  @ApiResponse({ status: 200, description: 'The stream, until the viewer leaves' })
  @ApiResponse({ status: 302, description: 'Redirect to the HLS playlist' })
  @ApiProblems(
    'content_not_found',
    'client_limit',
    'egress_limit',
    'bitrate_limit',
    'unsupported_content',
    'engine_failed',
    'no_engine',
    'no_capacity',
    'shutting_down',
    'too_many_connections',
    'start_timeout',
  )
  @CorsHeaders()
  async get(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('file') file: string,
    @ParsedQuery() { behindMs }: StreamQuery,
  ): Promise<void> {
    const { channel, isHls } = this.requested(file);
    if (isHls) await this.redirectToHls(request, reply, channel);
    else await this.streams.handle(selectorOf(channel), request, reply, { behindMs });
  }

  /** @throws AppError `content_not_found` */
  private requested(file: string): { channel: ListedChannel; isHls: boolean } {
    const [, number, type] = FILE.exec(file) ?? [];
    const channel = number === undefined ? null : this.channels.withNumber(Number(number));
    if (channel === null) {
      throw new AppError('content_not_found', 'There is no channel with this number.');
    }
    return { channel, isHls: type === 'm3u8' };
  }

  private async redirectToHls(
    request: FastifyRequest,
    reply: FastifyReply,
    { id }: ListedChannel,
  ): Promise<void> {
    const location = `${listBase(request, this.config.publicUrl)}/ace/manifest.m3u8?channel=${id}`;
    await reply
      .code(302)
      .headers({ ...CORS_HEADERS, 'Cache-Control': 'no-store', Location: location })
      .send();
  }
}

function selectorOf({ id }: ListedChannel): ContentSelector {
  return { kind: 'channel', value: id, fileIndex: 0 };
}
