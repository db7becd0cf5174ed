import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, Jobs } from '../../coordination';
import { monotonicMs } from '../../kernel/clock';
import type { ContentSelector } from '../../kernel/content-selector';
import { LiveStreams, type LiveStream } from '../live';
import type { FileContent } from '../files';
import type { Viewer } from '../viewers';
import { clientAddress } from './caller';
import { ownAddress } from './own-address';
import { FileRequestHandler } from './file-request-handler';
import { StreamRequestHandler } from './stream-request-handler';

/** What a program that was written against an engine holds: the addresses of one of its playbacks. */
interface Playback {
  readonly token: string;
  readonly selector: ContentSelector;
  readonly viewers: Set<Viewer>;
  /** Null for recorded content: its playbacks come and go with the requests for it. */
  session: LiveStream | null;
  lastUsedMs: number;
}

const MAX_PLAYBACKS = 5000;
/** Without viewer and without a poll for this long the caller is taken to have gone. */
const IDLE_MS = 30_000;
const LOOK_EVERY_MS = 5000;

export interface EngineAnswer {
  readonly response: Readonly<Record<string, unknown>> | string | null;
  readonly error: string | null;
}

/** In place of a token: whoever plays it. What `/ace/status` names, which belongs to no caller. */
export const ANY_PLAYBACK = 'any';

const UNKNOWN: EngineAnswer = { response: null, error: 'unknown playback session id' };

/**
 * Speaks an engine's own API to programs that were written against one: `format=json`, then playback, stat
 * and command addresses. Each caller gets addresses of its own, so that its "stop" means that this caller
 * leaves, not that the stream ends for others.
 */
@Injectable()
export class EngineApiService implements OnModuleInit, OnModuleDestroy {
  private readonly playbacks = new LRUCache<string, Playback>({
    max: MAX_PLAYBACKS,
    dispose: (playback) => playback.session?.letGo(playback),
  });

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly sessions: LiveStreams,
    private readonly entrance: StreamRequestHandler,
    private readonly files: FileRequestHandler,
    private readonly jobs: Jobs,
  ) {}

  onModuleInit(): void {
    this.jobs.every('engine_api.idle', LOOK_EVERY_MS);
  }

  onModuleDestroy(): void {
    this.playbacks.clear();
  }

  /**
   * Starts the content and answers as an engine does: as soon as it has accepted, before any media. `behindMs`
   * becomes part of the playback address.
   */
  async open(
    selector: ContentSelector,
    request: FastifyRequest,
    behindMs: number | null = null,
  ): Promise<EngineAnswer> {
    const token = randomBytes(16).toString('hex');
    const lastUsedMs = monotonicMs();
    const playback: Playback = { token, selector, viewers: new Set(), session: null, lastUsedMs };
    if (this.files.find(selector) === null) {
      try {
        playback.session = await this.holdSession(selector, playback, clientAddress(request));
      } catch (error) {
        if (this.files.find(selector) === null) throw error;
      }
    }
    this.playbacks.set(token, playback);
    return this.answerOf(playback, request, behindMs);
  }

  /** Resolves when the engine has answered; the session is held from the first moment on. */
  private async holdSession(
    selector: ContentSelector,
    holder: Playback,
    ip: string,
  ): Promise<LiveStream> {
    const asked = this.sessions.hold(selector, holder, 'client', ip);
    try {
      return await asked.answered;
    } catch (error) {
      asked.letGo(holder);
      throw error;
    }
  }

  private answerOf(
    { token, selector, session }: Playback,
    request: FastifyRequest,
    behindMs: number | null,
  ): EngineAnswer {
    const content = session ?? this.files.find(selector);
    const infohash = encodeURIComponent(
      content?.infohash ?? session?.rotation.content.value ?? selector.value,
    );
    const base = `${ownAddress(request, this.config.publicUrl)}/ace`;
    const behindQuery = behindMs === null ? '' : `?behind=${behindMs / 1000}`;
    return {
      response: {
        playback_url: `${base}/r/${infohash}/${token}${behindQuery}`,
        stat_url: `${base}/stat/${infohash}/${token}`,
        command_url: `${base}/cmd/${infohash}/${token}`,
        infohash: content?.infohash ?? null,
        playback_session_id: token,
        is_live: content?.isLive ?? -1,
        is_encrypted: 0,
        client_session_id: -1,
      },
      error: null,
    };
  }

  /** What a playback address stands for; null when its token is unknown. */
  selectorOf(token: string): ContentSelector | null {
    return this.playbacks.peek(token)?.selector ?? null;
  }

  /** The stream behind a playback address; an unknown token still names its content by infohash. */
  async play(
    infohash: ContentSelector,
    token: string,
    request: FastifyRequest,
    reply: FastifyReply,
    behindMs: number | null = null,
  ): Promise<void> {
    const playback = this.use(token);
    const selector = playback?.selector ?? infohash;
    const joined = (viewer: Viewer): void => {
      if (playback === undefined) return;
      playback.viewers.add(viewer);
      reply.raw.once('close', () => playback.viewers.delete(viewer));
    };
    const owner = playback?.token ?? null;
    await this.entrance.admit(selector, request, reply, behindMs, joined, owner);
  }

  /** @param token a caller's own, or `any` for whichever session plays `infohash` */
  stat(infohash: string, token: string): EngineAnswer {
    const playback = token === ANY_PLAYBACK ? undefined : this.use(token);
    const recording = playback?.session === null ? playback.selector : null;
    if (playback !== undefined && recording !== null) {
      return this.statOfFile(this.files.find(recording), playback.viewers.size > 0, token);
    }
    const read = token === ANY_PLAYBACK ? this.files.reading(infohash) : null;
    if (read !== null) return this.statOfFile(read.content, read.viewer !== null, token);
    const session =
      playback?.session ?? (token === ANY_PLAYBACK ? this.sessions.find(infohash) : null);
    if (session == null || session.isOver) return UNKNOWN;
    const stat = session.observation.stat?.stat;
    return {
      response: {
        status: session.state === 'starting' ? 'prebuf' : 'dl',
        peers: stat?.peers ?? 0,
        speed_down: stat?.speedDownKBps ?? 0,
        speed_up: stat?.speedUpKBps ?? 0,
        downloaded: stat?.downloadedBytes ?? session.ingest.bytesIn,
        uploaded: stat?.uploadedBytes ?? 0,
        total_progress: 0,
        is_live: session.isLive,
        is_encrypted: 0,
        infohash: session.infohash,
        playback_session_id: token,
        client_session_id: -1,
      },
      error: null,
    };
  }

  /** Of a file the engine's figures are not asked for. */
  private statOfFile(content: FileContent | null, isRead: boolean, token: string): EngineAnswer {
    return {
      response: {
        status: isRead ? 'dl' : 'idle',
        peers: 0,
        speed_down: 0,
        speed_up: 0,
        downloaded: 0,
        uploaded: 0,
        total_progress: 0,
        is_live: content?.isLive ?? 0,
        is_encrypted: 0,
        infohash: content?.infohash ?? null,
        playback_session_id: token,
        client_session_id: -1,
      },
      error: null,
    };
  }

  /** `method=stop`: this caller leaves; the stream goes on for the others. */
  command(token: string, method: string | null): EngineAnswer {
    const playback = this.use(token);
    if (playback === undefined) return UNKNOWN;
    if (method !== 'stop') return { response: null, error: 'unknown method' };
    for (const viewer of [...playback.viewers]) viewer.host?.removeViewer(viewer, 'kicked');
    this.playbacks.delete(token);
    return { response: 'ok', error: null };
  }

  private use(token: string): Playback | undefined {
    const playback = this.playbacks.get(token);
    if (playback === undefined) return undefined;
    playback.lastUsedMs = monotonicMs();
    this.followToFile(playback);
    return playback;
  }

  /** Its session is over because the content is a file: the addresses stand for the file from then on. */
  private followToFile(playback: Playback): void {
    const { session, selector } = playback;
    if (session?.isOver === true && this.files.find(selector) !== null) playback.session = null;
  }

  @JobHandler('engine_api.idle')
  dropIdle(): void {
    const nowMs = monotonicMs();
    for (const [token, playback] of this.playbacks.entries()) {
      this.followToFile(playback);
      const isIdle = playback.viewers.size === 0 && nowMs - playback.lastUsedMs >= IDLE_MS;
      if (isIdle || playback.session?.isOver === true) this.playbacks.delete(token);
    }
  }
}
