import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { FilePlaybacks } from '../files';
import { LiveStreams } from '../live';
import { StreamRegistry } from '../streams';
import { hasSelector, readContentSelector } from './content-request';
import { ANY_PLAYBACK } from './engine-api-service';
import { ownAddress } from './own-address';
import { queryOf } from './stream-query';
import { CORS_HEADERS } from './stream-response';

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

/** `/ace/status` in acexy's shape, answered from memory. */
@ApiTags('streaming')
@Public()
@Controller('ace/status')
export class AceStatusController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly streams: StreamRegistry,
    private readonly sessions: LiveStreams,
    private readonly files: FilePlaybacks,
  ) {}

  /** How many streams there are, or how many watch one of them. */
  @Get()
  @ApiOperation({ summary: 'Count streams, or the viewers of one stream' })
  @ApiOkResponse({ schema: { oneOf: [STREAM_COUNT, STREAM_STATUS] } })
  @ApiQuery({ name: 'id', required: false, type: String, description: 'Content id' })
  @ApiQuery({ name: 'infohash', required: false, type: String, description: 'Infohash' })
  @ApiQuery({ name: 'channel', required: false, type: String, description: 'Id of a channel' })
  @ApiProblems('invalid_selector', 'forbidden', 'not_found', 'too_many_connections')
  status(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.headers(CORS_HEADERS);
    const query = queryOf(request);
    if (!hasSelector(query)) {
      void reply.send({ streams: this.streams.list().length });
      return;
    }
    const selector = readContentSelector(query, null, this.config);
    const session = this.sessions.lookup(selector);
    const content = session === null ? this.files.find(selector) : null;
    const readings = content === null ? [] : this.files.of(content);
    const streamId = session?.id ?? readings[0]?.id;
    if (streamId === undefined) {
      throw new AppError('not_found', 'This content is not being streamed.');
    }
    const name = selector.kind === 'content_id' ? 'id' : selector.kind;
    void reply.send({
      clients: session?.viewers.size ?? readings.filter(({ viewer }) => viewer !== null).length,
      stream_id: { [name]: selector.value },
      stat_url: this.statUrl(streamId, request),
    });
  }

  private statUrl(streamId: string, request: FastifyRequest): string {
    const base = ownAddress(request, this.config.publicUrl);
    return `${base}/ace/stat/${encodeURIComponent(streamId)}/${ANY_PLAYBACK}`;
  }
}
