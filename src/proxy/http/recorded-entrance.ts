import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import {
  forwardedIfRange,
  forwardedRange,
  headersOf,
  RecordedPlaybacks,
  type FileHead,
  type RecordedContent,
  type RecordedPlayback,
} from '../recorded';
import type { Viewer } from '../viewers';
import { viewerOf } from './caller';
import { CORS_HEADERS, readyForMedia } from './stream-response';

/** A file of a stranger in our own origin: its type is what the head says, whatever it looks like. */
const FILE_HEADERS = {
  ...CORS_HEADERS,
  'Access-Control-Expose-Headers':
    'X-Request-Id, Retry-After, Accept-Ranges, Content-Range, Content-Length, ETag, Last-Modified',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
} as const;

/** Leads one GET or HEAD to recorded content: whose request it is, which part it wants, and its connection. */
@Injectable()
export class RecordedEntrance {
  constructor(private readonly playbacks: RecordedPlaybacks) {}

  /** The content, when it is known to be recorded. */
  find(selector: ContentSelector): RecordedContent | null {
    return this.playbacks.find(selector);
  }

  /** A playback under way, by its id or infohash. */
  reading(id: string): RecordedPlayback | null {
    return this.playbacks.byId(id);
  }

  /** @throws AppError for addresses that recorded content does not have */
  refuseHls(selector: ContentSelector): void {
    if (this.find(selector) !== null) throw noHls(selector);
  }

  /**
   * Resolves when the viewer has what it asked for, or is gone.
   *
   * @param token of the playback address; it identifies the viewer. Null: there is none
   * @throws AppError while nothing has been sent
   */
  async admit(
    content: RecordedContent,
    request: FastifyRequest,
    reply: FastifyReply,
    token: string | null,
    onJoined: (viewer: Viewer) => void,
  ): Promise<void> {
    const { raw: response } = reply;
    const { range: rangeHeader, 'if-range': ifRange } = request.headers;
    const viewer = viewerOf(request);
    onJoined(viewer);
    watchForHangUp(viewer, response);
    const range = forwardedRange(rangeHeader);
    try {
      await this.playbacks.play(content, {
        viewer,
        token,
        part: { range, ifRange: forwardedIfRange(ifRange, range) },
        sendHead: (head) => {
          reply.hijack();
          return openFileResponse(viewer, response, request.id, head);
        },
        isGone: () => response.destroyed || request.raw.socket.destroyed,
      });
    } catch (error) {
      if (!request.raw.socket.destroyed) throw error;
    }
    // Whoever left before there was a head, or was thrown out: an end without an answer would look like one.
    if (response.headersSent) return;
    reply.hijack();
    request.raw.socket.resetAndDestroy();
  }

  /** Answers a HEAD with what is known of the file. False when that is nothing. */
  answerHead(selector: ContentSelector, request: FastifyRequest, reply: FastifyReply): boolean {
    const head = this.find(selector)?.head ?? null;
    if (head === null) return false;
    reply.hijack();
    writeHead(reply.raw, request.id, head);
    reply.raw.end();
    return true;
  }
}

function noHls(selector: ContentSelector): AppError {
  const name = selector.kind === 'content_id' ? 'id' : selector.kind;
  const query = new URLSearchParams({ [name]: selector.value });
  if (selector.fileIndex > 0) query.set('_idx', String(selector.fileIndex));
  return new AppError(
    'unsupported_content',
    `The content is a file and has no HLS; it plays at /ace/getstream?${query.toString()}`,
  );
}

function watchForHangUp(viewer: Viewer, response: ServerResponse): void {
  response.once('close', () => viewer.host?.removeViewer(viewer, 'hung_up'));
  // A write that meets a connection which has just been reset; what follows from it is the close.
  response.on('error', () => undefined);
}

function openFileResponse(
  viewer: Viewer,
  response: ServerResponse,
  requestId: string,
  head: FileHead,
): Writable | null {
  const { socket } = response;
  if (socket === null || socket.destroyed) return null;
  response.shouldKeepAlive = false;
  writeHead(response, requestId, head);
  response.flushHeaders();
  readyForMedia(socket);
  viewer.socket = socket;
  return response;
}

function writeHead(response: ServerResponse, requestId: string, head: FileHead): void {
  response.writeHead(head.status, {
    ...FILE_HEADERS,
    ...headersOf(head),
    'X-Request-Id': requestId,
  });
}
