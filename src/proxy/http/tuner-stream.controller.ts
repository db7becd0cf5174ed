import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamRoute } from '../../access';
import { ChannelDirectory } from '../../channels';
import { ApiProblems, CorsHeaders } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { readContentPart } from './content-part';
import { ParsedQuery, type StreamQuery } from './stream-query';
import { StreamRequestHandler } from './stream-request-handler';
import { TUNER_ERROR_HEADER, tunerErrorOf } from './tuner-errors';

export const TUNER_STREAM_PATH = 'auto/v:number';

/** A channel by its number, at the address at which media servers play a channel of an HDHomeRun tuner. */
@ApiTags('streaming')
@StreamRoute()
@Controller()
export class TunerStreamController {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly streams: StreamRequestHandler,
  ) {}

  @Head(TUNER_STREAM_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  async head(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('number') number: string,
    @ParsedQuery() { parameters }: StreamQuery,
  ): Promise<void> {
    await this.explainingErrors(reply, () =>
      this.streams.handleHead(this.selectorOf(number, parameters), request, reply),
    );
  }

  @Get(TUNER_STREAM_PATH)
  @ApiOperation({
    summary: 'Watch the channel with this number',
    description:
      'The same as `/ace/getstream?channel=…`, for clients of an HDHomeRun tuner. An error has the header ' +
      '`X-HDHomeRun-Error`: 801 unknown channel, 805 all tuners in use, 806 tune failed, 807 no video data.',
  })
  @ApiParam({
    name: 'number',
    type: String,
    description: 'Number of a channel, as in `/lineup.json`',
  })
  @ApiProduces('video/mp2t')
  @ApiResponse({ status: 200, description: 'The stream, until the viewer leaves' })
  @ApiProblems(
    'invalid_selector',
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
    @Param('number') number: string,
    @ParsedQuery() { parameters, behindMs }: StreamQuery,
  ): Promise<void> {
    await this.explainingErrors(reply, () =>
      this.streams.handle(this.selectorOf(number, parameters), request, reply, { behindMs }),
    );
  }

  /** @throws AppError `content_not_found` */
  private selectorOf(text: string, parameters: URLSearchParams): ContentSelector {
    const channel = /^[1-9]\d{0,4}$/.test(text) ? this.channels.withNumber(Number(text)) : null;
    if (channel === null) {
      throw new AppError('content_not_found', 'There is no channel with this number.');
    }
    return { ...readContentPart(parameters), kind: 'channel', value: channel.id };
  }

  private async explainingErrors(
    reply: FastifyReply,
    answer: () => void | Promise<void>,
  ): Promise<void> {
    try {
      await answer();
    } catch (error) {
      void reply.header(TUNER_ERROR_HEADER, tunerErrorOf(error));
      throw error;
    }
  }
}
