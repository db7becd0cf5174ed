import { Controller, Get, Head, Inject, Options, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems } from '../../http';
import { monotonicMs } from '../../kernel/clock';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { Preflight, type PreflightTier } from '../preflight';
import { readContentSelector } from './content-request';
import { PreflightDto } from './dto/preflight.dto';
import { toPreflightDto } from './preflight-mapping';
import { ApiSelectorQuery } from './selector-query';
import { queryOf, readTier } from './stream-query';
import { CORS_HEADERS, sendPreflight } from './stream-response';
import { clientAddress } from './caller';

interface Asked {
  readonly selector: ContentSelector;
  readonly tier: PreflightTier;
}

/**
 * `/ace/preflight`: is it playable? Open without a key like the streaming addresses: whoever may start a stream
 * may ask for less. HEAD checks the question only, so that a probe of the address never starts anything.
 */
@ApiTags('streaming')
@Public()
@Controller('ace/preflight')
export class PreflightController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly preflight: Preflight,
  ) {}

  @Head()
  @ApiExcludeEndpoint()
  head(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.headers(CORS_HEADERS);
    this.preflight.expectKnown(this.read(request).selector);
    void reply.type('application/json; charset=utf-8').send();
  }

  @Options()
  @ApiExcludeEndpoint()
  options(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.hijack();
    sendPreflight(request.raw, reply.raw, request.id);
  }

  /**
   * Light: an engine is asked what the content is; no engine session is opened. Deep: it is also started, looked at
   * for some seconds and stopped. What is being watched is never touched: the running stream answers for it.
   * 200 whatever the verdict; an error when nothing can be said about the content.
   */
  @Get()
  @ApiOperation({ summary: 'Check whether a content is playable' })
  @ApiSelectorQuery()
  @ApiQuery({
    name: 'tier',
    required: false,
    enum: ['light', 'deep'],
    description: '`light` asks an engine what the content is; `deep` starts it and reads its media',
  })
  @ApiOkResponse({ type: PreflightDto })
  @ApiProblems(
    'invalid_selector',
    'forbidden',
    'content_not_found',
    'unsupported_content',
    'engine_failed',
    'no_engine',
    'no_capacity',
    'shutting_down',
    'too_many_connections',
    'start_timeout',
  )
  async check(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.headers(CORS_HEADERS);
    const { selector, tier } = this.read(request);
    const beganMs = monotonicMs();
    const gone = new AbortController();
    // A connection that is closed for good; one answer is all that it may have waited for.
    const hangUp = (): void => gone.abort(new AppError('request_timeout', 'The caller has gone.'));
    reply.raw.once('close', hangUp);
    try {
      const verdict = await this.preflight.check(
        selector,
        tier,
        clientAddress(request),
        gone.signal,
      );
      await reply.send(toPreflightDto(verdict, monotonicMs() - beganMs));
    } finally {
      reply.raw.off('close', hangUp);
    }
  }

  private read(request: FastifyRequest): Asked {
    const query = queryOf(request);
    const selector = readContentSelector(query, null, this.config);
    return { selector, tier: readTier(query) };
  }
}
