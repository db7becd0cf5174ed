import { Controller, Get, Head, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { CorsHeaders } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { EngineApiService, type EngineApiResponse } from './engine-api-service';
import { readContentSelector } from './requested-content';
import { ParsedQuery, readStreamQuery, type StreamQuery } from './stream-query';
import { StreamRequestHandler } from './stream-request-handler';

const PATHS = {
  play: 'ace/r/:infohash/:token',
  stat: 'ace/stat/:infohash/:token',
  command: 'ace/cmd/:infohash/:token',
} as const;
export const PLAYBACK_PATHS = Object.values(PATHS);

/**
 * The addresses that `format=json` returns. They are not in the OpenAPI document, because each belongs to one client.
 */
@ApiExcludeController()
@StreamRoute()
@Controller()
export class PlaybackController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly engineApi: EngineApiService,
    private readonly streams: StreamRequestHandler,
  ) {}

  @Head(PATHS.play)
  @CorsHeaders()
  head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
    @ParsedQuery() { behindMs }: StreamQuery,
  ): void {
    const selector = this.engineApi.selectorOf(token) ?? this.byInfohash(infohash);
    this.streams.handleHead(selector, request, reply, behindMs);
  }

  @Get(PATHS.play)
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

  @Get(PATHS.stat)
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

  @Get(PATHS.command)
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
