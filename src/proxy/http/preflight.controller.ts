import { Controller, Get, Head, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { ApiProblems, clientAddress, CorsHeaders } from '../../http';
import { monotonicMs } from '../../kernel/clock';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { Preflight } from '../preflight';
import { PreflightDto } from './dto/preflight.dto';
import { toPreflightDto } from './preflight-mapping';
import { RequestedContent } from './requested-content';
import { ParsedQuery, type StreamQuery } from './stream-query';

export const PREFLIGHT_PATH = 'ace/preflight';

/**
 * `/ace/preflight`: whether a content is playable. A client that may start a stream may also check it. HEAD validates the
 * request and starts nothing.
 */
@ApiTags('streaming')
@StreamRoute()
@Controller(PREFLIGHT_PATH)
export class PreflightController {
  constructor(private readonly preflight: Preflight) {}

  @Head()
  @ApiExcludeEndpoint()
  @CorsHeaders()
  head(@Res() reply: FastifyReply, @RequestedContent() selector: ContentSelector): void {
    this.preflight.expectKnown(selector);
    void reply.type('application/json; charset=utf-8').send();
  }

  /**
   * Light: asks an engine what the content is and opens no engine session. Deep: also starts it, reads its media for
   * some seconds and stops it. A stream that is being watched is not disturbed; its own state is the result. Every
   * result has status 200; a check without a result gets an error.
   */
  @Get()
  @ApiOperation({
    summary: 'Check whether a content is playable',
    description:
      'A light check asks an engine what the content is. A deep check also starts it, reads its media for some ' +
      'seconds and stops it. Every verdict has status 200.',
  })
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
  @CorsHeaders()
  async check(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @RequestedContent() selector: ContentSelector,
    @ParsedQuery() { tier }: StreamQuery,
  ): Promise<void> {
    const beganMs = monotonicMs();
    const hungUp = new AbortController();
    const hangUp = (): void => {
      hungUp.abort(new AppError('request_timeout', 'The client has hung up.'));
    };
    reply.raw.once('close', hangUp);
    try {
      const ip = clientAddress(request);
      const verdict = await this.preflight.check(selector, tier, ip, hungUp.signal);
      await reply.send(toPreflightDto(verdict, monotonicMs() - beganMs));
    } finally {
      reply.raw.off('close', hangUp);
    }
  }
}
