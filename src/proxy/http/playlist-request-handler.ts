import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { streamCaller } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { clientAddress } from '../../http';
import { streamKey, type ContentSelector, type StreamKey } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { HlsPlaybacks, type HlsPlayback } from '../hls';
import { LiveStreams, type LiveStream } from '../live';
import type { Viewer } from '../viewers';
import { FileRequestHandler } from './file-request-handler';
import { createViewer, userAgentOf } from './request-client';

const STOPPED = 'The stream was stopped before it could be watched.';
const NO_ROOM = 'PROXY_BUFFER_TOTAL has no room for a playlist of this stream.';
const REFUSAL_CHECK_MS = 500;
/** Browser players give up on a playlist after 10 s, but retry after a 503. Other players treat a 503 as final. */
const BROWSER_WAIT_MS = 8000;

/**
 * Turns a request for a playlist into an HLS playback. While the stream starts, the request waits for the first
 * segment. So players never get an empty playlist, and a failed start is answered with its status.
 */
@Injectable()
export class PlaylistRequestHandler {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly liveStreams: LiveStreams,
    private readonly playbacks: HlsPlaybacks,
    private readonly files: FileRequestHandler,
  ) {}

  /**
   * Checks only what is known without asking an engine.
   *
   * @throws AppError `content_not_found` for an unknown channel, `unsupported_content` for a known file
   */
  checkPlayable(selector: ContentSelector): void {
    this.liveStreams.sourcesOf(selector);
    this.files.refuseHls(selector);
  }

  /**
   * Opens a playback of the content as soon as there is a segment. Null if the client has hung up by then.
   *
   * @param moved the viewer of the same client at its former address, who leaves
   * @throws AppError the error of the stream's start; `no_capacity` if the segments do not fit into memory;
   *   `unsupported_content` for a file; `still_starting` for a browser that has waited too long
   */
  async open(
    selector: ContentSelector,
    request: FastifyRequest,
    reply: FastifyReply,
    moved: Viewer | null = null,
  ): Promise<HlsPlayback | null> {
    // The client has already reset the connection, so nothing is started for it.
    if (request.raw.socket.destroyed) return null;
    this.files.refuseHls(selector);
    const key = streamKey(selector);
    const { viewer, joined } = this.join(key, selector, request, moved);
    const wait = new PlaylistWait(viewer, reply, isBrowser(request) ? BROWSER_WAIT_MS : null);
    let stream: LiveStream | null = null;
    try {
      const ready = await wait.for(joined.ready);
      if (ready === null || hasHungUp(viewer)) return null;
      stream = ready;
      this.checkRunning(viewer, ready);
      const track = this.playbacks.acquireTrack(ready, wait);
      try {
        // The bit rate is known only after some media, and other streams may start meanwhile.
        wait.refuseIf(() => this.refusalForMemory(ready));
        wait.limit(this.config.proxyInitTimeoutMs);
        if ((await wait.for(track.whenPlayable().then(() => track))) === null) return null;
        if (hasHungUp(viewer)) return null;
        this.checkRunning(viewer, ready);
        this.liveStreams.checkBandwidth(ready, viewer);
        return this.playbacks.begin(key, viewer, ready);
      } finally {
        this.playbacks.releaseTrack(ready, wait);
      }
    } catch (error) {
      const isLater = error instanceof AppError && error.code === 'still_starting';
      if (isLater) this.playbacks.keepWaitingViewer(key, viewer);
      else viewer.leave('stream_failed');
      this.files.refuseHls(selector);
      // If the stream has failed, its error explains why this viewer was removed.
      throw stream?.error ?? error;
    } finally {
      wait.close();
    }
  }

  /** The viewer or the stream may be gone before this request continues after its wait. */
  private checkRunning(viewer: Viewer, stream: LiveStream): void {
    if (viewer.leaveReason === null && !stream.isOver) return;
    throw stream.error ?? new AppError('not_found', STOPPED);
  }

  /** Players begin three segments behind the newest one, so the history must hold these until players request them. */
  private refusalForMemory(stream: LiveStream): AppError | null {
    return this.liveStreams.canHoldPlaylist(stream) ? null : new AppError('no_capacity', NO_ROOM);
  }

  /** Continues with the viewer that was kept for a browser that was asked to retry, or adds a new viewer. */
  private join(
    key: StreamKey,
    selector: ContentSelector,
    request: FastifyRequest,
    moved: Viewer | null,
  ): { viewer: Viewer; joined: LiveStream } {
    const kept = this.playbacks.resumeWaitingViewer(
      key,
      clientAddress(request),
      userAgentOf(request),
      streamCaller(request).user,
    );
    const current = kept === null ? null : this.liveStreams.lookup(selector);
    if (kept !== null && current !== null && current.viewers.has(kept)) {
      return { viewer: kept, joined: current };
    }
    kept?.leave('hung_up');
    const viewer = createViewer(request);
    return { viewer, joined: this.liveStreams.join(selector, viewer, moved) };
  }
}

/** The wait of one request. It ends early if the client hangs up, the stream ends or the time is over. */
class PlaylistWait {
  private readonly timers: NodeJS.Timeout[] = [];
  private refusal: () => AppError | null = () => null;
  private end: (error: AppError | null) => void = () => undefined;
  private readonly over: Promise<null>;

  constructor(
    private readonly viewer: Viewer,
    private readonly reply: FastifyReply,
    limitMs: number | null,
  ) {
    this.over = new Promise((resolve, reject) => {
      this.end = (error) => (error === null ? resolve(null) : reject(error));
    });
    this.over.catch(() => undefined);
    reply.raw.once('close', this.hungUp);
    viewer.onGone = (reason) => {
      if (reason === 'hung_up') return;
      const code = reason === 'shutdown' ? 'shutting_down' : 'not_found';
      this.end(new AppError(code, STOPPED));
    };
    if (limitMs !== null) {
      const detail = 'The stream is starting; ask again.';
      this.later(limitMs, () => new AppError('still_starting', detail));
    }
  }

  /** The value of `promise`; null if the client has hung up. */
  async for<T>(promise: Promise<T>): Promise<T | null> {
    const value = await Promise.race([promise, this.over]);
    const refusal = this.refusal();
    if (refusal !== null) throw refusal;
    return value;
  }

  /** Ends the wait with an error as soon as `refusal` returns one. */
  refuseIf(refusal: () => AppError | null): void {
    this.refusal = refusal;
    const check = (): void => {
      const error = refusal();
      if (error !== null) this.end(error);
    };
    check();
    this.timers.push(setInterval(check, REFUSAL_CHECK_MS));
  }

  /** Ends the wait with an error after this time. */
  limit(ms: number): void {
    const detail = 'The stream has sent nothing that could become a segment.';
    this.later(ms, () => new AppError('start_timeout', detail));
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.reply.raw.off('close', this.hungUp);
  }

  private later(ms: number, error: () => AppError): void {
    this.timers.push(setTimeout(() => this.end(error()), ms));
  }

  private readonly hungUp = (): void => {
    this.viewer.leave('hung_up');
    this.end(null);
  };
}

/** Browsers send `Sec-Fetch-Mode` with every request; players do not. */
function isBrowser(request: FastifyRequest): boolean {
  return request.headers['sec-fetch-mode'] !== undefined;
}

function hasHungUp(viewer: Viewer): boolean {
  return viewer.leaveReason === 'hung_up';
}
