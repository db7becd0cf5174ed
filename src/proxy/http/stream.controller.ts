import { Controller, Get, Head, Inject, Options, Param, Req, Res } from '@nestjs/common';
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
import { Public } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { ProxyMetrics } from '../proxy-metrics';
import { readContentSelector } from './content-request';
import { EngineApiService } from './engine-api-service';
import { FileRequestHandler } from './file-request-handler';
import { ApiSelectorQuery } from './selector-query';
import { queryOf } from './stream-query';
import { CORS_HEADERS, sendPreflight, sendStreamHead } from './stream-response';
import { readBehindMs } from './time-shift';
import { StreamRequestHandler } from './stream-request-handler';

const PATHS = ['ace/getstream', 'ace/getstream/:id'];

/**
 * `/ace/getstream`: drop-in for an engine's own address and for acexy's. HEAD has routes of its own before
 * GET's, because Fastify would otherwise run the GET handler for it and start a stream for every probe.
 */
@ApiTags('streaming')
@Public()
@Controller()
export class StreamController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly entrance: StreamRequestHandler,
    private readonly engineApi: EngineApiService,
    private readonly metrics: ProxyMetrics,
    private readonly files: FileRequestHandler,
  ) {}

  @Head(PATHS)
  @ApiExcludeEndpoint()
  head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('id') pathId: string | undefined,
  ): void {
    reply.headers(CORS_HEADERS);
    const selector = this.selectorOf(request, pathId);
    const behindMs = readBehindMs(queryOf(request));
    this.entrance.expectKnown(selector);
    this.metrics.probed('head');
    if (this.files.answerHead(selector, request, reply)) return;
    reply.hijack();
    sendStreamHead(reply.raw, request.id, this.entrance.behindHeaders(selector, behindMs));
  }

  @Options(PATHS)
  @ApiExcludeEndpoint()
  options(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.metrics.probed('options');
    reply.hijack();
    sendPreflight(request.raw, reply.raw, request.id);
  }

  /**
   * An endless MPEG-TS. With `format=json` an engine's JSON answer with addresses of this product.
   */
  @Get(PATHS)
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
  @ApiSelectorQuery()
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
    'unsupported_content',
    'engine_failed',
    'no_engine',
    'no_capacity',
    'shutting_down',
    'too_many_connections',
    'start_timeout',
  )
  async get(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('id') pathId: string | undefined,
  ): Promise<void> {
    reply.headers(CORS_HEADERS);
    const selector = this.selectorOf(request, pathId);
    const query = queryOf(request);
    const behindMs = readBehindMs(query);
    if (query.get('format') === 'json') {
      await reply.send(await this.engineApi.open(selector, request, behindMs));
      return;
    }
    await this.entrance.admit(selector, request, reply, behindMs);
  }

  private selectorOf(request: FastifyRequest, pathId: string | undefined): ContentSelector {
    return readContentSelector(queryOf(request), pathId === '' ? null : (pathId ?? null), {
      allowUrlSelectors: this.config.allowUrlSelectors,
    });
  }
}
