import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type AppConfig } from '../../config';
import type { ContentSelector } from '../../kernel/content-selector';
import { LiveStreams, type LiveStream } from '../live';
import type { Viewer } from '../viewers';
import { viewerOf } from './caller';
import { FileRequestHandler } from './file-request-handler';
import { openStreamResponse } from './stream-response';
import { behindHeaders } from './time-shift';

/**
 * Leads one GET to its stream: counts the viewer in, waits for the start with it, sends the head with the
 * first media, and hands its socket to the session. Until the head is out a failure keeps its status.
 */
@Injectable()
export class StreamRequestHandler {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sessions: LiveStreams,
    private readonly files: FileRequestHandler,
  ) {}

  /**
   * Resolves when the viewer is fed or gone; what follows is the session's business.
   *
   * @param behindMs how far in the past the viewer wants to begin, in media ms; null: where everybody does
   * @param onJoined called at once with the viewer, before the start is waited for; once more when the content turns
   *   out to be recorded
   * @param token stands for the viewer where it has one
   * @throws AppError while nothing has been sent
   */
  async admit(
    selector: ContentSelector,
    request: FastifyRequest,
    reply: FastifyReply,
    behindMs: number | null = null,
    onJoined: (viewer: Viewer) => void = () => undefined,
    token: string | null = null,
  ): Promise<void> {
    if (request.raw.socket.destroyed) {
      // Reset before it was looked at: nobody is there to start anything for.
      reply.hijack();
      return;
    }
    const known = this.files.find(selector);
    if (known !== null) return this.files.admit(known, request, reply, token, onJoined);
    const viewer = viewerOf(request);
    viewer.askedBehindMs = behindMs;
    const asked = this.sessions.join(selector, viewer);
    onJoined(viewer);
    watchForHangUp(viewer, reply.raw, request.raw.socket);
    const early = this.armEarlyHead(viewer, request, reply);
    let session: LiveStream;
    try {
      session = await asked.ready;
    } catch (error) {
      const wasGone = viewer.leaveReason === 'hung_up';
      viewer.host?.removeViewer(viewer, 'stream_failed');
      // Whoever has got the head of a stream already finds the file when it comes back.
      if (early.socket !== null) early.socket.resetAndDestroy();
      else if (wasGone) reply.hijack();
      else {
        const found = this.files.find(selector);
        if (found === null) throw error;
        await this.files.admit(found, request, reply, token, onJoined);
      }
      return;
    } finally {
      early.disarm();
    }
    if (viewer.leaveReason !== null) {
      if (early.socket === null) reply.hijack();
      (early.socket ?? request.raw.socket).destroy();
      return;
    }
    // The place is chosen again when the viewer is attached, in this same turn: it is the place that is told.
    const reachedMs = behindMs === null ? null : session.reachableBehindMs(behindMs);
    const socket = early.socket ?? open(request, reply, reachedMs);
    if (socket === null) viewer.host?.removeViewer(viewer, 'hung_up');
    else attach(session, viewer, socket, this.config.proxyJoinBehindMs);
  }

  /** @throws AppError `content_not_found` for a channel that there is not; of other contents only engines know */
  expectKnown(selector: ContentSelector): void {
    this.sessions.sourcesOf(selector);
  }

  /** What a HEAD can say of the past: where a viewer of the running stream would begin. Starts nothing. */
  behindHeaders(
    selector: ContentSelector,
    behindMs: number | null,
  ): Readonly<Record<string, string>> {
    if (behindMs === null) return {};
    return behindHeaders(this.sessions.lookup(selector)?.reachableBehindMs(behindMs) ?? null);
  }

  /**
   * Players with a short read time-out get the response head before the media, so that they keep waiting. A start
   * that fails after the head was sent can only reset the connection.
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
      if (viewer.leaveReason === null) early.socket = open(request, reply);
    }, proxyEarlyHeadersAfterMs);
    return early;
  }
}

/** After the head no error can be told any more: a viewer that can not be fed is reset. */
function attach(session: LiveStream, viewer: Viewer, socket: Socket, behindMs: number): void {
  try {
    session.attachViewer(viewer, socket, behindMs);
  } catch (error) {
    viewer.host?.removeViewer(viewer, 'stream_failed');
    socket.resetAndDestroy();
    throw error;
  }
}

/** A head that is sent before the media can not say what will be reached: `reachedMs` is null then. */
function open(
  request: FastifyRequest,
  reply: FastifyReply,
  reachedMs: number | null = null,
): Socket | null {
  reply.hijack();
  return openStreamResponse(reply.raw, request.id, behindHeaders(reachedMs));
}

/**
 * The response's `close` is the only sign of a viewer who hung up (a request's fires when its body ends).
 * One who has closed its sending half has left as well: no player does that and goes on reading.
 */
function watchForHangUp(viewer: Viewer, response: ServerResponse, socket: Socket): void {
  const leave = (): void => {
    viewer.host?.removeViewer(viewer, 'hung_up');
  };
  const leaveHalfway = (): void => {
    leave();
    socket.destroy();
  };
  // A connection outlives an answer that was refused: what belongs to this viewer must go with it.
  response.once('close', () => {
    socket.off('end', leaveHalfway);
    leave();
  });
  socket.once('end', leaveHalfway);
  viewer.onGone = (reason) => {
    // Others who go while they wait get an error; who is thrown out has nothing to wait for.
    if (reason === 'kicked' && viewer.socket === null) socket.resetAndDestroy();
  };
}
