import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type AppConfig } from '../../config';
import type { ContentSelector } from '../../kernel/content-selector';
import { FilePlaybacks, type FileContent } from '../files';
import { LiveStreams, type LiveStream } from '../live';
import { ProxyMetrics } from '../proxy-metrics';
import { isDismissal, type Viewer } from '../viewers';
import { FileRequestHandler } from './file-request-handler';
import { createViewer } from './request-client';
import { behindHeaders, openStreamResponse, sendStreamHead } from './stream-response';

export interface StreamRequestOptions {
  /** How far in the past the viewer wants to begin, in media ms; null: at the default position. */
  readonly behindMs?: number | null;
  /** The token of a playback address; null if there is none. */
  readonly token?: string | null;
  /** The device of the viewer, if the request itself does not tell. */
  readonly device?: string;
  /** Called with the viewer before the wait for its start, and again if the content turns out to be a file. */
  readonly onJoined?: (viewer: Viewer) => void;
}

/**
 * Turns a GET request into a viewer of a live stream: waits for the start, sends the response head with the first
 * media, and passes the socket to the stream. A failure before the head was sent is answered with its status.
 */
@Injectable()
export class StreamRequestHandler {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly liveStreams: LiveStreams,
    private readonly playbacks: FilePlaybacks,
    private readonly files: FileRequestHandler,
    private readonly metrics: ProxyMetrics,
  ) {}

  /**
   * Resolves when the viewer receives media or is gone. From then on the stream is responsible for the viewer.
   *
   * @throws AppError only while nothing has been sent
   */
  async handle(
    selector: ContentSelector,
    request: FastifyRequest,
    reply: FastifyReply,
    { behindMs = null, token = null, device, onJoined = () => undefined }: StreamRequestOptions,
  ): Promise<void> {
    if (request.raw.socket.destroyed) {
      // The client has already reset the connection, so nothing is started for it.
      reply.hijack();
      return;
    }
    const playFile = (content: FileContent): Promise<void> =>
      this.files.handle(content, request, reply, { token, device, onJoined });
    const knownFile = this.playbacks.find(selector);
    if (knownFile !== null) return playFile(knownFile);
    const viewer = createViewer(request, device);
    viewer.askedBehindMs = behindMs;
    const joined = this.liveStreams.join(selector, viewer);
    onJoined(viewer);
    removeOnHangUp(viewer, reply.raw, request.raw.socket);
    const earlyHead = this.armEarlyHead(viewer, request, reply);
    let stream: LiveStream;
    try {
      stream = await joined.ready;
      if (viewer.leaveReason === null) this.liveStreams.checkBandwidth(stream, viewer);
    } catch (error) {
      const hasHungUp = viewer.leaveReason === 'hung_up';
      viewer.leave('stream_failed');
      // A client that has the head of a stream already can get the file only with its next request.
      if (earlyHead.socket !== null) earlyHead.socket.resetAndDestroy();
      else if (hasHungUp) reply.hijack();
      else {
        const file = this.playbacks.find(selector);
        if (file === null) throw error;
        await playFile(file);
      }
      return;
    } finally {
      earlyHead.disarm();
    }
    if (viewer.leaveReason !== null) {
      if (earlyHead.socket === null) reply.hijack();
      (earlyHead.socket ?? request.raw.socket).destroy();
      return;
    }
    // `attach` chooses the position again in this same turn of the event loop, so the header is right.
    const reachedMs = behindMs === null ? null : stream.reachableBehindMs(behindMs);
    const socket = earlyHead.socket ?? openResponse(request, reply, reachedMs);
    if (socket === null) viewer.leave('hung_up');
    else attach(stream, viewer, socket, this.config.proxyJoinBehindMs);
  }

  /**
   * Answers a HEAD request with what is known without asking an engine: the headers of a file, or those of a stream, with
   * the position at which a viewer of the running stream would begin. Starts nothing.
   *
   * @throws AppError `content_not_found` for an unknown channel
   */
  handleHead(
    selector: ContentSelector,
    request: FastifyRequest,
    reply: FastifyReply,
    behindMs: number | null = null,
  ): void {
    this.liveStreams.sourcesOf(selector);
    this.metrics.probed('head');
    if (this.files.answerHead(selector, request, reply)) return;
    const running = behindMs === null ? null : this.liveStreams.lookup(selector);
    const reachedMs = running?.reachableBehindMs(behindMs ?? 0) ?? null;
    reply.hijack();
    sendStreamHead(reply.raw, request.id, behindHeaders(reachedMs));
  }

  /**
   * Sends the head before the media to players with a short read timeout, so that they keep waiting. If the start
   * fails after that, the connection can only be reset.
   */
  private armEarlyHead(
    viewer: Viewer,
    request: FastifyRequest,
    reply: FastifyReply,
  ): { socket: Socket | null; disarm: () => void } {
    const { proxyEarlyHeadersAgents, proxyEarlyHeadersAfterMs } = this.config;
    const isImpatient = proxyEarlyHeadersAgents.some((agent) =>
      agent.test(viewer.identity.userAgent),
    );
    if (!isImpatient) return { socket: null, disarm: () => undefined };
    const early: { socket: Socket | null; disarm: () => void } = {
      socket: null,
      disarm: () => clearTimeout(timer),
    };
    const timer = setTimeout(() => {
      // The position is not known before the media, so the response has no header for it.
      if (viewer.leaveReason === null) early.socket = openResponse(request, reply, null);
    }, proxyEarlyHeadersAfterMs);
    return early;
  }
}

/** After the head no error can be sent any more, so the connection of a viewer who cannot be attached is reset. */
function attach(stream: LiveStream, viewer: Viewer, socket: Socket, behindMs: number): void {
  try {
    stream.attachViewer(viewer, socket, behindMs);
  } catch (error) {
    viewer.leave('stream_failed');
    socket.resetAndDestroy();
    throw error;
  }
}

function openResponse(
  request: FastifyRequest,
  reply: FastifyReply,
  reachedMs: number | null,
): Socket | null {
  reply.hijack();
  return openStreamResponse(reply.raw, request.id, behindHeaders(reachedMs));
}

/**
 * Removes the viewer when its client hangs up. Only the `close` event of the response tells that, because the request
 * emits `close` at the end of its body. A client that closes only its sending half counts as gone too, because no
 * player does that and reads on.
 */
function removeOnHangUp(viewer: Viewer, response: ServerResponse, socket: Socket): void {
  const leave = (): void => viewer.leave('hung_up');
  const leaveHalfClosed = (): void => {
    leave();
    socket.destroy();
  };
  // The connection continues after an error response, so the listener of this viewer is removed from it.
  response.once('close', () => {
    socket.off('end', leaveHalfClosed);
    leave();
  });
  socket.once('end', leaveHalfClosed);
  viewer.onGone = (reason) => {
    // A waiting viewer that was sent away gets no response. For every other reason its request gets an error.
    if (isDismissal(reason) && viewer.socket === null) socket.resetAndDestroy();
  };
}
