import { Controller, Get, Head, Inject, Options, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { CorsHeaders, sendCorsPreflight } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { EngineApiService, type EngineApiResponse } from './engine-api-service';
import { FileRequestHandler } from './file-request-handler';
import { readContentSelector } from './requested-content';
import { ParsedQuery, readStreamQuery, type StreamQuery } from './stream-query';
import { StreamRequestHandler } from './stream-request-handler';
import { sendStreamHead } from './stream-response';

/**
 * The addresses that `format=json` returns. They are not in the OpenAPI document, because each belongs to one client.
 */
@ApiExcludeController()
@StreamRoute()
@Controller('ace')
export class PlaybackController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly engineApi: EngineApiService,
    private readonly streams: StreamRequestHandler,
    private readonly files: FileRequestHandler,
  ) {}

  @Head('r/:infohash/:token')
  @CorsHeaders()
  head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
    @ParsedQuery() { behindMs }: StreamQuery,
  ): void {
    const selector = this.engineApi.selectorOf(token) ?? this.byInfohash(infohash);
    if (this.files.answerHead(selector, request, reply)) return;
    reply.hijack();
    sendStreamHead(reply.raw, request.id, this.streams.behindHeaders(selector, behindMs));
  }

  @Options(['r/:infohash/:token', 'stat/:infohash/:token', 'cmd/:infohash/:token'])
  options(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.hijack();
    sendCorsPreflight(request.raw, reply.raw, request.id);
  }

  @Get('r/:infohash/:token')
  @CorsHeaders()
  async play(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
    @ParsedQuery() { behindMs }: StreamQuery,
  ): Promise<void> {
    const selector = this.engineApi.selectorOf(token) ?? this.byInfohash(infohash);
    await this.engineApi.play(selector, token, request, reply, behindMs);
  }

  @Get('stat/:infohash/:token')
  @CorsHeaders()
  stat(
    @Req() request: FastifyRequest,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
  ): EngineApiResponse {
    // Reports a wrong parameter, as every streaming address does.
    readStreamQuery(request);
    return this.engineApi.stat(infohash, token);
  }

  @Get('cmd/:infohash/:token')
  @CorsHeaders()
  command(
    @Param('token') token: string,
    @ParsedQuery() { parameters }: StreamQuery,
  ): EngineApiResponse {
    return this.engineApi.command(token, parameters.get('method'));
  }

  private byInfohash(infohash: string): ContentSelector {
    return readContentSelector(new URLSearchParams({ infohash }), null, this.config);
  }
}
