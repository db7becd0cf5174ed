import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { listBase, StreamRoute } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems, CorsHeaders } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { FilePlaybacks } from '../files';
import { LiveStreams } from '../live';
import { StreamRegistry } from '../streams';
import { ANY_PLAYBACK } from './engine-api-service';
import { OptionalContent } from './requested-content';

const STREAM_COUNT = {
  type: 'object',
  required: ['streams'],
  properties: { streams: { type: 'integer' } },
};

const STREAM_STATUS = {
  type: 'object',
  required: ['clients', 'stream_id', 'stat_url'],
  properties: {
    clients: { type: 'integer' },
    stream_id: { type: 'object', additionalProperties: { type: 'string' } },
    stat_url: { type: 'string' },
  },
};

/** `/ace/status`, in the form of acexy. It asks no engine. */
@ApiTags('streaming')
@StreamRoute()
@Controller('ace/status')
export class AceStatusController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly streams: StreamRegistry,
    private readonly liveStreams: LiveStreams,
    private readonly playbacks: FilePlaybacks,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Count streams, or the viewers of one stream',
    description: 'With a content, its viewers; without, all streams. No engine is asked.',
  })
  @ApiOkResponse({ schema: { oneOf: [STREAM_COUNT, STREAM_STATUS] } })
  @ApiProblems('invalid_selector', 'forbidden', 'not_found', 'too_many_connections')
  @CorsHeaders()
  status(
    @Req() request: FastifyRequest,
    @OptionalContent() selector: ContentSelector | null,
  ): object {
    if (selector === null) return { streams: this.streams.list().length };
    const stream = this.liveStreams.lookup(selector);
    const file = stream === null ? this.playbacks.find(selector) : null;
    const playbacks = file === null ? [] : this.playbacks.of(file);
    const streamId = stream?.id ?? playbacks[0]?.id;
    if (streamId === undefined) {
      throw new AppError('not_found', 'This content is not being streamed.');
    }
    const name = selector.kind === 'content_id' ? 'id' : selector.kind;
    return {
      clients: stream?.viewers.size ?? playbacks.filter(({ viewer }) => viewer !== null).length,
      stream_id: { [name]: selector.value },
      stat_url: this.statUrl(streamId, request),
    };
  }

  private statUrl(streamId: string, request: FastifyRequest): string {
    const base = listBase(request, this.config.publicUrl);
    return `${base}/ace/stat/${encodeURIComponent(streamId)}/${ANY_PLAYBACK}`;
  }
}
