import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { keyOfRequest } from '../access';
import { ApiProblems, clientAddress, type FastifyReply, type FastifyRequest } from '../http';
import { AppError } from '../kernel/errors';
import { PushQueryDto } from './dto/push-query.dto';
import { PushConnection, sendHead } from './push-connection';
import { PushHub } from './push-hub';
import { PUSH_TOPICS, PushView } from './push-topic';

/** The state of everything, live. */
@ApiTags('events')
@Controller('api/v1/events')
export class PushController {
  constructor(private readonly hub: PushHub) {}

  /**
   * Follow the state and the events. Server-sent events: a snapshot, then every change, every event, and once a second
   * the numbers of all streams. docs/events.md describes the messages. Answers 429 if there are 50 such streams, or 5
   * from this address.
   */
  @Get('stream')
  @ApiHeader({
    name: 'Last-Event-ID',
    description: 'Id of the last message that the client has; the stream continues after it.',
    required: false,
  })
  @ApiOkResponse({
    description: 'An endless stream of messages.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        example: 'event: hello\ndata: {"server_id":"5f0c9a71","version":"1.0.0"}\n\n',
      },
    },
  })
  @ApiProblems('rate_limited', 'shutting_down')
  follow(
    @Query() query: PushQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const key = keyOfRequest(request);
    if (key === null) throw new AppError('unauthorized', 'This address needs an API key.');
    const address = clientAddress(request);
    this.hub.mayConnect(address);
    reply.hijack();
    if (request.method === 'HEAD') {
      sendHead(reply.raw);
      reply.raw.end();
      return;
    }
    const types = query.types === undefined ? null : new Set(query.types);
    const view = new PushView(new Set(query.topics ?? PUSH_TOPICS), types);
    const lastEventId = request.headers['last-event-id'];
    this.hub.connect(
      new PushConnection(reply.raw, key, address, view),
      typeof lastEventId === 'string' ? lastEventId : null,
    );
  }
}
