import { Controller, Get, Head, Inject, Options, Param, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { ApiProblems } from '../../http';
import { streamKey } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { HlsPlaybacks, segmentBytes, SegmentSender, type HlsPlayback, type Segment } from '../hls';
import { readContentSelector } from './content-request';
import { PlaylistRequestHandler } from './playlist-request-handler';
import { ApiSelectorQuery } from './selector-query';
import { queryOf, readIsDvr } from './stream-query';
import { CORS_HEADERS, sendPreflight } from './stream-response';

const PLAYLIST_PATH = 'ace/manifest.m3u8';
const SEGMENT_PATH = 'ace/hls/:token/:segment';
const SEGMENT_NAME = /^(\d{1,12})\.ts$/;
/** Query name by which a player's own playlist is told from others'. */
const PLAYBACK = 'playback';

const PLAYLIST_HEADERS = {
  ...CORS_HEADERS,
  'Content-Type': 'application/vnd.apple.mpegurl',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

const SEGMENT_HEADERS = {
  ...CORS_HEADERS,
  'Content-Type': 'video/mp2t',
  'Cache-Control': 'no-store, no-transform',
  'Accept-Ranges': 'none',
  'X-Accel-Buffering': 'no',
} as const;

/**
 * HLS from the same stream as `/ace/getstream`. The first request for a playlist is redirected, as an engine does, to
 * an address of the same name with a token, which players then reload; segments carry the same token. All addresses
 * are relative, so that neither a path prefix nor TLS of a reverse proxy matters.
 */
@ApiTags('streaming')
@Public()
@Controller()
export class HlsController {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly entrance: PlaylistRequestHandler,
    private readonly playbacks: HlsPlaybacks,
  ) {}

  @Head(PLAYLIST_PATH)
  @ApiExcludeEndpoint()
  headPlaylist(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.headers(CORS_HEADERS);
    this.entrance.expectPlayable(readContentSelector(queryOf(request), null, this.config));
    reply.hijack();
    reply.raw.writeHead(200, { ...PLAYLIST_HEADERS, 'X-Request-Id': request.id }).end();
  }

  @Options([PLAYLIST_PATH, SEGMENT_PATH])
  @ApiExcludeEndpoint()
  options(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    reply.hijack();
    sendPreflight(request.raw, reply.raw, request.id);
  }

  /** Live HLS, version 3, cut from the same engine session as the MPEG-TS of other viewers. */
  @Get(PLAYLIST_PATH)
  @ApiOperation({
    summary: 'Watch a content as HLS',
    description:
      'Exactly one selector. Redirects to the playlist of a new playback; playlist and segments carry a token, by which viewers are counted. ' +
      'While the content starts, the request waits for a segment; browsers get 503 after 8 s, and the start continues.',
  })
  @ApiSelectorQuery()
  @ApiQuery({
    name: 'dvr',
    required: false,
    enum: ['0', '1'],
    description: '`1` lists all segments of the history instead of the sliding window',
  })
  @ApiProduces('application/vnd.apple.mpegurl')
  @ApiResponse({ status: 200, description: 'The current media playlist' })
  @ApiResponse({ status: 302, description: 'Redirect to the playlist of a new playback' })
  @ApiProblems(
    'invalid_selector',
    'forbidden',
    'content_not_found',
    'client_limit',
    'unsupported_content',
    'engine_failed',
    'no_engine',
    'no_capacity',
    'still_starting',
    'shutting_down',
    'too_many_connections',
    'start_timeout',
  )
  async playlist(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.headers(CORS_HEADERS);
    const query = queryOf(request);
    const up = upFrom(request.originalUrl);
    const selector = readContentSelector(query, null, this.config);
    const known = this.playbacks.touch(query.get(PLAYBACK) ?? '');
    const isOwn = known?.key === streamKey(selector) && known.track.isPlayable;
    if (isOwn && (await this.playbacks.waitForNewSegment(known))) {
      const text = this.playbacks.publishPlaylist(
        known,
        readIsDvr(query),
        `${up}hls/${known.token}/`,
      );
      // As bytes: to text Fastify would add a charset, which this type does not have.
      await reply.headers(PLAYLIST_HEADERS).send(Buffer.from(text));
      return;
    }
    const playback = await this.entrance.admit(selector, request, reply);
    if (playback === null) {
      reply.hijack();
      return;
    }
    query.set(PLAYBACK, playback.token);
    await reply
      .code(302)
      .headers({ ...PLAYLIST_HEADERS, Location: `${up}manifest.m3u8?${query.toString()}` })
      .send();
  }

  @Head(SEGMENT_PATH)
  @ApiExcludeEndpoint()
  headSegment(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
    @Param('segment') name: string,
  ): void {
    reply.headers(CORS_HEADERS);
    queryOf(request);
    const { segment } = this.find(token, name);
    reply.hijack();
    this.writeHead(segment, request, reply);
    reply.raw.end();
  }

  /** A segment that a playlist names. */
  @Get(SEGMENT_PATH)
  @ApiExcludeEndpoint()
  segment(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
    @Param('segment') name: string,
  ): void {
    reply.headers(CORS_HEADERS);
    queryOf(request);
    const { playback, segment } = this.find(token, name);
    this.playbacks.checkConcurrentSegments(playback);
    reply.hijack();
    if (request.raw.socket.destroyed) return;
    const sender = new SegmentSender(
      reply.raw,
      playback.stream.history.ring,
      segment,
      playback.viewer,
      monotonicMs(),
      (over) => this.playbacks.segmentEnded(playback, over),
    );
    this.playbacks.segmentStarted(playback, sender);
    this.writeHead(segment, request, reply);
    sender.start();
  }

  private find(token: string, name: string): { playback: HlsPlayback; segment: Segment } {
    const number = SEGMENT_NAME.exec(name)?.[1];
    const playback = this.playbacks.touch(token);
    if (playback === null || number === undefined) {
      throw new AppError('not_found', 'There is no such segment, or its playback is over.');
    }
    const segment = playback.track.find(Number(number));
    if (segment === null) throw new AppError('not_found', 'This segment no longer exists.');
    return { playback, segment };
  }

  private writeHead(segment: Segment, request: FastifyRequest, reply: FastifyReply): void {
    reply.raw.writeHead(200, {
      ...SEGMENT_HEADERS,
      'Content-Length': String(segmentBytes(segment)),
      'X-Request-Id': request.id,
    });
  }
}

/**
 * The way from an address of the playlist, which may have slashes behind it, to the folder that ours are relative to.
 */
function upFrom(url: string): string {
  const [path = ''] = url.split('?', 1);
  const [, ...behind] = path.slice(path.indexOf('manifest.m3u8')).split('/');
  return '../'.repeat(behind.length);
}
