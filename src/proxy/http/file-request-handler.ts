import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CORS_HEADERS } from '../../http';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import {
  forwardedIfRange,
  forwardedRange,
  headersOf,
  FilePlaybacks,
  type FileHead,
  type FileContent,
} from '../files';
import type { Viewer } from '../viewers';
import { createViewer } from './request-client';
import { readyForMedia } from './stream-response';

/**
 * Strangers make these files, and they are served from our origin, so browsers must not guess their type (`nosniff`).
 */
const FILE_HEADERS = {
  ...CORS_HEADERS,
  'Access-Control-Expose-Headers':
    'X-Request-Id, Retry-After, Accept-Ranges, Content-Range, Content-Length, ETag, Last-Modified',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
} as const;

export interface FileRequestOptions {
  /** Token of the playback address, which identifies the viewer; null if the address has none. */
  readonly token: string | null;
  /** The device of the viewer, if the request itself does not tell. */
  readonly device: string | undefined;
  /** Called with the viewer before it receives anything. */
  readonly onJoined: (viewer: Viewer) => void;
}

/** Turns a GET or HEAD request for a file into a request to its playbacks, and writes the response. */
@Injectable()
export class FileRequestHandler {
  constructor(private readonly playbacks: FilePlaybacks) {}

  /** @throws AppError if the content is a file, which has no HLS */
  refuseHls(selector: ContentSelector): void {
    if (this.playbacks.find(selector) !== null) throw noHls(selector);
  }

  /**
   * Resolves when the viewer has received what it requested, or is gone.
   *
   * @throws AppError only while nothing has been sent
   */
  async handle(
    content: FileContent,
    request: FastifyRequest,
    reply: FastifyReply,
    { token, device, onJoined }: FileRequestOptions,
  ): Promise<void> {
    const { raw: response } = reply;
    const { range: rangeHeader, 'if-range': ifRange } = request.headers;
    const viewer = createViewer(request, device);
    onJoined(viewer);
    removeOnHangUp(viewer, response);
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
    // The viewer was removed before the head was sent. A normal end would look like an empty response.
    if (response.headersSent) return;
    reply.hijack();
    request.raw.socket.resetAndDestroy();
  }

  /** Answers a HEAD request for a file whose response head is known. Returns false if it is not known. */
  answerHead(selector: ContentSelector, request: FastifyRequest, reply: FastifyReply): boolean {
    const head = this.playbacks.find(selector)?.head ?? null;
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
  const parameters = new URLSearchParams(selector.engineParameters);
  for (const [parameter, setting] of parameters) query.set(parameter, setting);
  return new AppError(
    'unsupported_content',
    `The content is a file and has no HLS; it plays at /ace/getstream?${query.toString()}`,
  );
}

function removeOnHangUp(viewer: Viewer, response: ServerResponse): void {
  response.once('close', () => viewer.leave('hung_up'));
  // A write fails if the connection has just been reset; the `close` event follows.
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
