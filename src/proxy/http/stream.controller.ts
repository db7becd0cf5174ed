import { Controller, Get, Head, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { ApiProblems, CorsHeaders } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { EngineApiService } from './engine-api-service';
import { RequestedContent } from './requested-content';
import { ParsedQuery, type StreamQuery } from './stream-query';
import { StreamRequestHandler } from './stream-request-handler';

export const STREAM_PATHS = ['ace/getstream', 'ace/getstream/:id'];

/**
 * `/ace/getstream`, as engines and acexy provide it. HEAD has its own route before that of GET, because Fastify would
 * otherwise run the GET handler and start a stream for every HEAD request.
 */
@ApiTags('streaming')
@StreamRoute()
@Controller()
export class StreamController {
  constructor(
    private readonly streams: StreamRequestHandler,
    private readonly engineApi: EngineApiService,
  ) {}

  @Head(STREAM_PATHS)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @RequestedContent() selector: ContentSelector,
    @ParsedQuery() { behindMs }: StreamQuery,
  ): void {
    this.streams.handleHead(selector, request, reply, behindMs);
  }

  /** The media as MPEG-TS. With `format=json`, the answer of an engine with addresses of this server. */
  @Get(STREAM_PATHS)
  @ApiOperation({
    summary: 'Watch a content as MPEG-TS',
    description:
      'Exactly one selector. Body: packets of 188 bytes, beginning with PAT, PMT and a random access point. ' +
      '`Range` is ignored. Unknown parameters, `pid` and `sid` are accepted and ignored. ' +
      'Recorded content and media in other containers are sent as a file, with its type and length and with support ' +
      'for `Range`.',
  })
  @ApiParam({
    name: 'id',
    type: String,
    description: 'Content id, 40 hex digits; `.ts` may follow',
  })
  @ApiQuery({
    name: 'behind',
    required: false,
    schema: { type: 'number', minimum: 0, maximum: 86_400 },
    description:
      'Seconds (0 to 86400, at most three decimals): begin this far in the past, as far as the history reaches. ' +
      'The header `X-Stream-Behind` holds the seconds that were reached.',
  })
  @ApiQuery({
    name: 'format',
    required: false,
    enum: ['json'],
    description: '`json`: the answer that an engine would give, with addresses of this server',
  })
  @ApiProduces('video/mp2t')
  @ApiResponse({ status: 206, description: 'Recorded content: the part that `Range` asks for' })
  @ApiResponse({ status: 416, description: 'Recorded content: `Range` is beyond its end' })
  @ApiResponse({
    status: 200,
    description: 'The stream, until the viewer leaves',
    headers: {
      'X-Stream-Behind': {
        description: 'Seconds of media behind live at the first packet; only with `behind`',
        schema: { type: 'number' },
      },
    },
  })
  @ApiProblems(
    'invalid_selector',
    'forbidden',
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
    @RequestedContent() selector: ContentSelector,
    @ParsedQuery() { parameters, behindMs }: StreamQuery,
  ): Promise<void> {
    if (parameters.get('format') === 'json') {
      await reply.send(await this.engineApi.open(selector, request, behindMs));
      return;
    }
    await this.streams.handle(selector, request, reply, { behindMs });
  }
}
