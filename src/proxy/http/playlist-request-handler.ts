import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type AppConfig } from '../../config';
import { streamKey, type ContentSelector, type StreamKey } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { HlsPlaybacks, type HlsPlayback } from '../hls';
import { LiveStreams, type LiveStream } from '../live';
import type { Viewer } from '../viewers';
import { clientAddress, userAgentOf, viewerOf } from './caller';
import { FileRequestHandler } from './file-request-handler';

const STOPPED = 'The stream was stopped before it could be watched.';
const NO_ROOM = 'PROXY_BUFFER_TOTAL has no room for a playlist of this stream.';
const REFUSAL_CHECK_MS = 500;
/** Browser players give up on a playlist after 10 s, but retry after a 503. Other players treat a 503 as final. */
const BROWSER_PATIENCE_MS = 8000;

/**
 * Leads a request for a playlist to its playback. A cold one is held until there is something to list, so that
 * players never see an empty playlist and failures keep their status.
 */
@Injectable()
export class PlaylistRequestHandler {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sessions: LiveStreams,
    private readonly playbacks: HlsPlaybacks,
    private readonly files: FileRequestHandler,
  ) {}

  /**
   * @throws AppError `content_not_found` for a channel that there is not, `unsupported_content` for what is known to be
   *   recorded; of other contents only engines know
   */
  expectPlayable(selector: ContentSelector): void {
    this.sessions.sourcesOf(selector);
    this.files.refuseHls(selector);
  }

  /**
   * A new playback of the content, once there is a segment. Null when the caller has hung up meanwhile.
   *
   * @throws AppError of the stream's start; `no_capacity` when its segments do not fit into memory;
   *   `unsupported_content` for recorded content; `still_starting` for a browser that waited too long
   */
  async admit(
    selector: ContentSelector,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<HlsPlayback | null> {
    // Reset before it was looked at: nobody is there to start anything for.
    if (request.raw.socket.destroyed) return null;
    this.files.refuseHls(selector);
    const key = streamKey(selector);
    const { viewer, session } = this.placeOf(key, selector, request);
    const wait = new Wait(viewer, reply, isBrowser(request) ? BROWSER_PATIENCE_MS : null);
    let ready: LiveStream | null = null;
    try {
      ready = await wait.for(session.ready);
      if (ready === null || hasHungUp(viewer)) return null;
      this.mustBeThere(viewer, ready);
      const stream = ready;
      const track = this.playbacks.acquireTrack(stream, wait);
      try {
        // The bit rate is known only after some media, and other streams come meanwhile.
        wait.unless(() => this.refusalForMemory(stream));
        wait.limit(this.config.proxyInitTimeoutMs);
        if ((await wait.for(track.whenPlayable().then(() => track))) === null) return null;
        if (hasHungUp(viewer)) return null;
        this.mustBeThere(viewer, ready);
        return this.playbacks.begin(key, viewer, ready);
      } finally {
        this.playbacks.releaseTrack(ready, wait);
      }
    } catch (error) {
      const isLater = error instanceof AppError && error.code === 'still_starting';
      if (isLater) this.playbacks.keepWaitingViewer(key, viewer);
      else viewer.host?.removeViewer(viewer, 'stream_failed');
      this.files.refuseHls(selector);
      // Who was thrown out with all others is told why.
      throw ready?.error ?? error;
    } finally {
      wait.close();
    }
  }

  /** Between what was waited for and its being heard, everything may have ended. */
  private mustBeThere(viewer: Viewer, session: LiveStream): void {
    if (viewer.leaveReason === null && !session.isOver) return;
    throw session.error ?? new AppError('not_found', STOPPED);
  }

  /** Players begin three segments behind the newest one: these must not be gone before they are asked for. */
  private refusalForMemory(stream: LiveStream): AppError | null {
    return this.sessions.canHoldPlaylist(stream) ? null : new AppError('no_capacity', NO_ROOM);
  }

  /** The place that was kept for a browser which comes back, or else a new one. */
  private placeOf(
    key: StreamKey,
    selector: ContentSelector,
    request: FastifyRequest,
  ): { viewer: Viewer; session: LiveStream } {
    const kept = this.playbacks.resumeWaitingViewer(
      key,
      clientAddress(request),
      userAgentOf(request),
    );
    const current = kept === null ? null : this.sessions.lookup(selector);
    if (kept !== null && current !== null && kept.host === current) {
      return { viewer: kept, session: current };
    }
    kept?.host?.removeViewer(kept, 'hung_up');
    const viewer = viewerOf(request);
    return { viewer, session: this.sessions.join(selector, viewer) };
  }
}

/** The time that one request is held: until what it waits for, hang-up, the end of the stream, or impatience. */
class Wait {
  private readonly timers: NodeJS.Timeout[] = [];
  private refusal: () => AppError | null = () => null;
  private end: (error: AppError | null) => void = () => undefined;
  private readonly over: Promise<null>;

  constructor(
    private readonly viewer: Viewer,
    private readonly reply: FastifyReply,
    patienceMs: number | null,
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
    if (patienceMs !== null) {
      const detail = 'The stream is starting; ask again.';
      this.later(patienceMs, () => new AppError('still_starting', detail));
    }
  }

  async for<T>(fact: Promise<T>): Promise<T | null> {
    const value = await Promise.race([fact, this.over]);
    const refusal = this.refusal();
    if (refusal !== null) throw refusal;
    return value;
  }

  /** Ends with what `refusal` answers, as soon as that is an error. */
  unless(refusal: () => AppError | null): void {
    this.refusal = refusal;
    const check = (): void => {
      const error = refusal();
      if (error !== null) this.end(error);
    };
    check();
    this.timers.push(setInterval(check, REFUSAL_CHECK_MS));
  }

  /** No longer than this from now on. */
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
    this.viewer.host?.removeViewer(this.viewer, 'hung_up');
    this.end(null);
  };
}

/** Browsers say of each request what it is for; players do not. */
function isBrowser(request: FastifyRequest): boolean {
  return request.headers['sec-fetch-mode'] !== undefined;
}

function hasHungUp(viewer: Viewer): boolean {
  return viewer.leaveReason === 'hung_up';
}
