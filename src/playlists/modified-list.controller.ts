import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { keyOfRequest, listBase, TokenOrKeyRoute } from '../access';
import { CONFIG, type AppConfig } from '../config';
import { ApiProblems, type FastifyReply, type FastifyRequest } from '../http';
import { AppError } from '../kernel/errors';
import { OutboundRequests } from '../outbound';
import { modifiedList } from './modified-list';

/**
 * Lists from other servers for players. A request needs a key or a token, whatever STREAM_ACCESS is, because this server
 * fetches an address of the caller's choice.
 */
@ApiTags('playlists')
@TokenOrKeyRoute()
@Controller()
export class ModifiedListController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly outbound: OutboundRequests,
  ) {}

  @Get('modify_m3u')
  @ApiOperation({
    summary: 'Get an M3U list with addresses of this server',
    description:
      'Fetches the list and replaces its addresses of AceStream content; all else stays as it is. Unknown parameters ' +
      'are ignored. The addresses begin with `PUBLIC_URL`, or with the address that the request used. Only a key of scope admin may ' +
      'name a list in a private network.',
  })
  @ApiQuery({
    name: 'm3u_url',
    type: String,
    description: 'Address of the list, `http` or `https`, percent-encoded',
  })
  @ApiProduces('audio/x-mpegurl')
  @ApiResponse({
    status: 200,
    description: 'The list',
    content: { 'audio/x-mpegurl': { schema: { type: 'string' } } },
  })
  @ApiProblems('outbound_refused', 'outbound_failed', 'unusable_list')
  async get(
    @Query('m3u_url') url: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (typeof url !== 'string' || url === '') {
      throw new AppError('invalid_request', 'm3u_url must be the address of a list, given once.');
    }
    const control = new AbortController();
    once(reply.raw, 'close').then(
      () => control.abort(new AppError('invalid_request', 'The client has left.')),
      () => undefined,
    );
    const origin = listBase(request, this.config.publicUrl);
    // Only an administrator may make this server read from the private network.
    const isUntrusted = keyOfRequest(request)?.scope !== 'admin';
    const list = modifiedList(this.outbound, url, origin, isUntrusted, control.signal);
    // Read before the head of the answer is sent, because a failure must get its own status.
    const first = await list.next();
    void reply.headers({
      'Content-Type': 'audio/x-mpegurl; charset=utf-8',
      'Cache-Control': 'private, no-store',
    });
    await reply.send(Readable.from(joined(first, list), { objectMode: false }));
  }
}

async function* joined(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
