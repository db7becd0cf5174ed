import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { listBase, streamCaller } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, Jobs } from '../../coordination';
import { clientAddress } from '../../http';
import { monotonicMs } from '../../kernel/clock';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { LiveStreams, type LiveStream } from '../live';
import { FilePlaybacks, type FileContent } from '../files';
import { StreamRegistry, type StreamUse } from '../streams';
import type { LeaveReason, Viewer } from '../viewers';
import { deviceName, deviceOf, isSameAddress, userAgentOf } from './request-client';
import { StreamRequestHandler } from './stream-request-handler';

/** One client of the engine API: its token, which is part of its addresses, and its content. */
interface EngineApiPlayback extends StreamUse {
  readonly token: string;
  readonly selector: ContentSelector;
  readonly viewers: Set<Viewer>;
  /** Null for a file. The playbacks of a file come and go with the requests for it. */
  stream: LiveStream | null;
  lastUsedMs: number;
  /** True once the client was sent away. */
  isOver: boolean;
}

const MAX_PLAYBACKS = 5000;
/** A client without a viewer that has sent no request for this long counts as gone. */
const IDLE_MS = 30_000;
const IDLE_CHECK_MS = 5000;

export interface EngineApiResponse {
  readonly response: Readonly<Record<string, unknown>> | string | null;
  readonly error: string | null;
}

/**
 * Takes the place of a token in the addresses of `/ace/status`, which belong to no client. It stands for any stream
 * of the content.
 */
export const ANY_PLAYBACK = 'any';

const UNKNOWN: EngineApiResponse = { response: null, error: 'unknown playback session id' };

/**
 * The API of an engine, for programs that were written for one: `format=json`, and the playback, stat and command
 * addresses in its answer. Each client gets its own addresses, so that its `stop` does not end the stream for others.
 */
@Injectable()
export class EngineApiService implements OnModuleInit, OnModuleDestroy {
  private readonly byToken = new LRUCache<string, EngineApiPlayback>({
    max: MAX_PLAYBACKS,
    dispose: (playback) => this.release(playback),
  });

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    private readonly liveStreams: LiveStreams,
    private readonly streamRequests: StreamRequestHandler,
    private readonly filePlaybacks: FilePlaybacks,
    private readonly jobs: Jobs,
    private readonly streams: StreamRegistry,
  ) {}

  onModuleInit(): void {
    this.jobs.every('engine_api.idle', IDLE_CHECK_MS);
  }

  onModuleDestroy(): void {
    this.byToken.clear();
  }

  /**
   * Starts the content and answers as an engine does: when the content is accepted, before there are media.
   *
   * @param behindMs becomes part of the playback address
   */
  async open(
    selector: ContentSelector,
    request: FastifyRequest,
    behindMs: number | null = null,
  ): Promise<EngineApiResponse> {
    const playback = this.createPlayback(selector, request);
    const file = this.filePlaybacks.find(selector);
    if (file === null) await this.holdStream(playback);
    else {
      const { users } = this.streams;
      users.replace(users.check(playback, file));
      users.add(playback);
    }
    this.byToken.set(playback.token, playback);
    return this.answerOf(playback, request, behindMs);
  }

  private createPlayback(selector: ContentSelector, request: FastifyRequest): EngineApiPlayback {
    const findFile = (): object | null => this.filePlaybacks.find(selector);
    const playback: EngineApiPlayback = {
      token: randomBytes(16).toString('hex'),
      selector,
      viewers: new Set(),
      stream: null,
      lastUsedMs: monotonicMs(),
      isOver: false,
      user: streamCaller(request).user,
      ip: clientAddress(request),
      device: deviceOf(request),
      joinedMs: monotonicMs(),
      get subject() {
        return this.stream ?? findFile();
      },
      leave: (reason) => this.dismiss(playback, reason),
    };
    return playback;
  }

  /**
   * Resolves when the engine has answered, also if the content turns out to be a file. The stream is held from the
   * beginning, because it would otherwise end meanwhile.
   */
  private async holdStream(playback: EngineApiPlayback): Promise<void> {
    const { selector } = playback;
    const { users } = this.streams;
    let stream = this.liveStreams.hold(selector, playback);
    playback.stream = stream;
    users.add(playback);
    try {
      stream = await stream.answered;
      playback.stream = stream;
      if (playback.isOver) throw new AppError('forbidden', 'The client was sent away.');
    } catch (error) {
      stream.letGo(playback);
      playback.stream = null;
      if (!playback.isOver && this.filePlaybacks.find(selector) !== null) return;
      users.remove(playback);
      throw error;
    }
  }

  /** Ends a playback and disconnects its viewers; if its user opens another stream, only those of the same device. */
  private dismiss(playback: EngineApiPlayback, reason: LeaveReason): void {
    playback.isOver = true;
    for (const viewer of [...playback.viewers]) {
      if (reason !== 'user_limit' || viewer.device === playback.device) viewer.leave(reason);
    }
    this.byToken.delete(playback.token);
    this.release(playback);
  }

  private release(playback: EngineApiPlayback): void {
    playback.stream?.letGo(playback);
    this.streams.users.remove(playback);
  }

  private answerOf(
    { token, selector, stream }: EngineApiPlayback,
    request: FastifyRequest,
    behindMs: number | null,
  ): EngineApiResponse {
    const content = stream ?? this.filePlaybacks.find(selector);
    const infohash = encodeURIComponent(
      content?.infohash ?? stream?.rotation.content.value ?? selector.value,
    );
    const base = `${listBase(request, this.config.publicUrl)}/ace`;
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

  /** The content of a playback address; null if its token is unknown. */
  selectorOf(token: string): ContentSelector | null {
    return this.byToken.peek(token)?.selector ?? null;
  }

  /**
   * Answers a request for a playback address.
   *
   * @param content the content in the address; used only if the token is unknown, because the token's content may be
   *   a channel
   */
  async play(
    content: ContentSelector,
    token: string,
    request: FastifyRequest,
    reply: FastifyReply,
    behindMs: number | null = null,
  ): Promise<void> {
    const playback = this.use(token);
    const selector = playback?.selector ?? content;
    const onJoined = (viewer: Viewer): void => {
      if (playback === undefined) return;
      playback.viewers.add(viewer);
      reply.raw.once('close', () => playback.viewers.delete(viewer));
    };
    const { token: ownToken = null } = playback ?? {};
    const device = playback === undefined ? undefined : deviceFor(playback, request);
    const options = { behindMs, token: ownToken, device, onJoined };
    await this.streamRequests.handle(selector, request, reply, options);
  }

  /** @param token of a client, or `any` for any stream of `infohash` */
  stat(infohash: string, token: string): EngineApiResponse {
    const playback = token === ANY_PLAYBACK ? undefined : this.use(token);
    if (playback?.stream === null) {
      const file = this.filePlaybacks.find(playback.selector);
      return statOfFile(file, playback.viewers.size > 0, token);
    }
    const file = token === ANY_PLAYBACK ? this.filePlaybacks.byId(infohash) : null;
    if (file !== null) return statOfFile(file.content, file.viewer !== null, token);
    const stream =
      playback?.stream ?? (token === ANY_PLAYBACK ? this.liveStreams.find(infohash) : null);
    if (stream === null || stream.isOver) return UNKNOWN;
    const stat = stream.observation.stat?.stat;
    return {
      response: {
        status: stream.state === 'starting' ? 'prebuf' : 'dl',
        peers: stat?.peers ?? 0,
        speed_down: stat?.speedDownKBps ?? 0,
        speed_up: stat?.speedUpKBps ?? 0,
        downloaded: stat?.downloadedBytes ?? stream.ingest.bytesIn,
        uploaded: stat?.uploadedBytes ?? 0,
        total_progress: 0,
        is_live: stream.isLive,
        is_encrypted: 0,
        infohash: stream.infohash,
        playback_session_id: token,
        client_session_id: -1,
      },
      error: null,
    };
  }

  /** `method=stop`: the viewers of this client are disconnected. The stream continues for others. */
  command(token: string, method: string | null): EngineApiResponse {
    const playback = this.use(token);
    if (playback === undefined) return UNKNOWN;
    if (method !== 'stop') return { response: null, error: 'unknown method' };
    this.dismiss(playback, 'kicked');
    return { response: 'ok', error: null };
  }

  private use(token: string): EngineApiPlayback | undefined {
    const playback = this.byToken.get(token);
    if (playback === undefined) return undefined;
    playback.lastUsedMs = monotonicMs();
    this.followToFile(playback);
    return playback;
  }

  /**
   * If the stream has ended because the content is a file, the client's addresses are those of the file from now on.
   */
  private followToFile(playback: EngineApiPlayback): void {
    const { stream, selector } = playback;
    if (stream?.isOver !== true) return;
    if (this.filePlaybacks.find(selector) !== null) playback.stream = null;
  }

  @JobHandler('engine_api.idle')
  dropIdle(): void {
    const nowMs = monotonicMs();
    for (const [token, playback] of this.byToken.entries()) {
      this.followToFile(playback);
      const isIdle = playback.viewers.size === 0 && nowMs - playback.lastUsedMs >= IDLE_MS;
      if (isIdle || playback.stream?.isOver === true) this.byToken.delete(token);
    }
  }
}

/**
 * The device of a player that opens the address of a playback. The player may send another User-Agent than the program
 * that asked for the address, so it counts as the device of that program. Only one player at a time does: otherwise the
 * user could give the address to any number of players, which would all count as one device.
 */
function deviceFor({ user, device, viewers }: EngineApiPlayback, request: FastifyRequest): string {
  const own = deviceOf(request);
  if (streamCaller(request).user !== user) return own;
  const players = [...viewers].filter(
    (viewer) => viewer.device === device && viewer.leaveReason === null,
  );
  const isThisPlayer = ({ ip, identity: { userAgent } }: Viewer): boolean =>
    userAgent === userAgentOf(request) && isSameAddress(ip, request);
  // The program itself may have opened the address too.
  const isProgram = (viewer: Viewer): boolean => deviceName(viewer.identity) === device;
  return players.every((viewer) => isProgram(viewer) || isThisPlayer(viewer)) ? device : own;
}

/** The engine is not asked about a file, so its figures are 0. */
function statOfFile(
  content: FileContent | null,
  isBeingRead: boolean,
  token: string,
): EngineApiResponse {
  return {
    response: {
      status: isBeingRead ? 'dl' : 'idle',
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
