import { Controller, Get, Head, Inject, Options, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import type { ContentSelector } from '../../kernel/content-selector';
import { readContentSelector } from './content-request';
import { EngineApiService, type EngineAnswer } from './engine-api-service';
import { FileRequestHandler } from './file-request-handler';
import { queryOf } from './stream-query';
import { CORS_HEADERS, sendPreflight, sendStreamHead } from './stream-response';
import { readBehindMs } from './time-shift';
import { StreamRequestHandler } from './stream-request-handler';

/** The addresses that an answer of `format=json` names. They are secrets of one caller, not an API to browse. */
@ApiExcludeController()
@Public()
@Controller('ace')
export class PlaybackController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly door: EngineApiService,
    private readonly entrance: StreamRequestHandler,
    private readonly files: FileRequestHandler,
  ) {}

  @Head('r/:infohash/:token')
  head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
  ): void {
    reply.headers(CORS_HEADERS);
    const selector = this.door.selectorOf(token) ?? this.byInfohash(infohash);
    const behindMs = readBehindMs(queryOf(request));
    if (this.files.answerHead(selector, request, reply)) return;
    reply.hijack();
    sendStreamHead(reply.raw, request.id, this.entrance.behindHeaders(selector, behindMs));
  }

  @Options(['r/:infohash/:token', 'stat/:infohash/:token', 'cmd/:infohash/:token'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.hijack();
    sendPreflight(request.raw, reply.raw, request.id);
  }

  @Get('r/:infohash/:token')
  async play(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
  ): Promise<void> {
    reply.headers(CORS_HEADERS);
    const selector = this.door.selectorOf(token) ?? this.byInfohash(infohash);
    await this.door.play(selector, token, request, reply, readBehindMs(queryOf(request)));
  }

  @Get('stat/:infohash/:token')
  stat(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('infohash') infohash: string,
    @Param('token') token: string,
  ): EngineAnswer {
    reply.headers(CORS_HEADERS);
    queryOf(request);
    return this.door.stat(infohash, token);
  }

  @Get('cmd/:infohash/:token')
  command(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('token') token: string,
  ): EngineAnswer {
    reply.headers(CORS_HEADERS);
    return this.door.command(token, queryOf(request).get('method'));
  }

  private byInfohash(infohash: string): ContentSelector {
    return readContentSelector(new URLSearchParams({ infohash }), null, this.config);
  }
}
