import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { streamCaller, StreamRoute } from '../../access';
import { ApiProblems, CORS_HEADERS, CorsHeaders } from '../../http';
import { streamKey, type ContentSelector } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { HlsPlaybacks, segmentBytes, SegmentSender, type HlsPlayback, type Segment } from '../hls';
import type { Viewer } from '../viewers';
import { PlaylistRequestHandler } from './playlist-request-handler';
import { isSameAddress } from './request-client';
import { RequestedContent } from './requested-content';
import { ParsedQuery, readStreamQuery, type StreamQuery } from './stream-query';

const PLAYLIST_PATH = 'ace/manifest.m3u8';
const SEGMENT_PATH = 'ace/hls/:token/:segment';
export const HLS_PATHS = [PLAYLIST_PATH, SEGMENT_PATH];
const SEGMENT_NAME = /^(\d{1,12})\.ts$/;
/** Query parameter with the token of the HLS playback. */
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
 * HLS of the streams of `/ace/getstream`. As engines do, it redirects the first request for a playlist to the same
 * address with a token. Players then reload that address, and the addresses of segments contain the same token. All
 * addresses are relative, so that they work behind a reverse proxy with a path prefix or TLS.
 */
@ApiTags('streaming')
@StreamRoute()
@Controller()
export class HlsController {
  constructor(
    private readonly playlists: PlaylistRequestHandler,
    private readonly playbacks: HlsPlaybacks,
  ) {}

  @Head(PLAYLIST_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  headPlaylist(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @RequestedContent() selector: ContentSelector,
  ): void {
    this.playlists.checkPlayable(selector);
    reply.hijack();
    reply.raw.writeHead(200, { ...PLAYLIST_HEADERS, 'X-Request-Id': request.id }).end();
  }

  /** Live HLS, version 3, cut from the same engine session that serves MPEG-TS viewers. */
  @Get(PLAYLIST_PATH)
  @ApiOperation({
    summary: 'Watch a content as HLS',
    description:
      'Exactly one selector. Redirects to the playlist of a new playback; playlist and segments carry a token, by which viewers are counted. ' +
      'While the content starts, the request waits for a segment; browsers get 503 after 8 s, and the start continues.',
  })
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
    'egress_limit',
    'bitrate_limit',
    'unsupported_content',
    'engine_failed',
    'no_engine',
    'no_capacity',
    'still_starting',
    'shutting_down',
    'too_many_connections',
    'start_timeout',
  )
  @CorsHeaders()
  async playlist(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @RequestedContent() selector: ContentSelector,
    @ParsedQuery() { parameters, isDvr }: StreamQuery,
  ): Promise<void> {
    const folder = relativeFolder(request.originalUrl);
    const named = this.playbacks.find(parameters.get(PLAYBACK) ?? '');
    const known = named?.key === streamKey(selector) ? named : null;
    const isOwn = known !== null && isOfClient(known.viewer, request);
    if (isOwn) this.playbacks.touch(known);
    if (isOwn && known.track.isPlayable && (await this.playbacks.waitForNewSegment(known))) {
      const text = this.playbacks.publishPlaylist(known, isDvr, `${folder}hls/${known.token}/`);
      // Sent as bytes, because Fastify would add a charset to text, which this type does not have.
      await reply.headers(PLAYLIST_HEADERS).send(Buffer.from(text));
      return;
    }
    // A phone that changes its address continues in a new playback, which takes the place of the old one.
    const hasMoved = known !== null && !isOwn && known.viewer.user === streamCaller(request).user;
    const moved = hasMoved ? known.viewer : null;
    const playback = await this.playlists.open(selector, request, reply, moved);
    if (playback === null) {
      reply.hijack();
      return;
    }
    parameters.set(PLAYBACK, playback.token);
    const location = `${folder}manifest.m3u8?${parameters.toString()}`;
    await reply
      .code(302)
      .headers({ ...PLAYLIST_HEADERS, Location: location })
      .send();
  }

  @Head(SEGMENT_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  headSegment(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
    @Param('segment') name: string,
  ): void {
    const { segment } = this.find(request, token, name);
    reply.hijack();
    this.writeHead(segment, request, reply);
    reply.raw.end();
  }

  /** A segment of a playlist. */
  @Get(SEGMENT_PATH)
  @ApiExcludeEndpoint()
  @CorsHeaders()
  segment(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
    @Param('segment') name: string,
  ): void {
    const { playback, segment } = this.find(request, token, name);
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

  private find(
    request: FastifyRequest,
    token: string,
    name: string,
  ): { playback: HlsPlayback; segment: Segment } {
    // Reports a wrong parameter, as every streaming address does.
    readStreamQuery(request);
    const number = SEGMENT_NAME.exec(name)?.[1];
    const playback = this.playbacks.find(token);
    if (playback !== null) this.playbacks.touch(playback);
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
 * True if the request may continue the playback of this viewer. One with a user is bound to the user and to the
 * address: otherwise any number of devices could share it as one viewer, whatever the user's limit.
 */
function isOfClient({ user, ip }: Viewer, request: FastifyRequest): boolean {
  if (streamCaller(request).user !== user) return false;
  return user === null || isSameAddress(ip, request);
}

/**
 * The folder of the playlist, relative to the requested address, which may have slashes after the name of the
 * playlist.
 */
function relativeFolder(url: string): string {
  const [path = ''] = url.split('?', 1);
  const [, ...behind] = path.slice(path.indexOf('manifest.m3u8')).split('/');
  return '../'.repeat(behind.length);
}
