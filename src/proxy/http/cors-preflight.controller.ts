import { Controller, Options, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { sendCorsPreflight } from '../../http';
import { ProxyMetrics } from '../proxy-metrics';
import { HLS_PATHS } from './hls.controller';
import { PLAYBACK_PATHS } from './playback.controller';
import { PREFLIGHT_PATH } from './preflight.controller';
import { STREAM_PATHS } from './stream.controller';
import { TUNER_STREAM_PATH } from './tuner-stream.controller';
import { XTREAM_STREAM_PATH } from './xtream-stream.controller';

/** Answers the requests by which browsers ask whether a page of another origin may play a stream. */
@ApiExcludeController()
@StreamRoute()
@Controller()
export class CorsPreflightController {
  constructor(private readonly metrics: ProxyMetrics) {}

  @Options([
    ...STREAM_PATHS,
    TUNER_STREAM_PATH,
    XTREAM_STREAM_PATH,
    ...HLS_PATHS,
    ...PLAYBACK_PATHS,
    PREFLIGHT_PATH,
  ])
  answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.metrics.probed('options');
    reply.hijack();
    sendCorsPreflight(request.raw, reply.raw, request.id);
  }
}
