import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { StreamUser } from '../../access';
import { CONFIG, type AppConfig } from '../../config';
import { JobHandler, Jobs } from '../../coordination';
import { monotonicMs } from '../../kernel/clock';
import type { StreamKey } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { EventLoopLag } from '../../kernel/event-loop-lag';
import { Deferred } from '../../kernel/deferred';
import { MetricsRegistry } from '../../metrics';
import { isLiveStream, type LiveStream } from '../live';
import { StreamRegistry } from '../streams';
import type { LeaveReason, Viewer } from '../viewers';
import type { SegmentSender } from './segment-sender';
import { SegmentTrack } from './segment-track';

/** One HLS viewer, identified by the token in its addresses. */
export interface HlsPlayback {
  readonly token: string;
  /** The requested content; the token is valid for this content only. */
  readonly key: StreamKey;
  readonly viewer: Viewer;
  readonly stream: LiveStream;
  readonly track: SegmentTrack;
  readonly senders: Set<SegmentSender>;
  lastRequestMs: number;
  /** True once the player has sent a request with its token. */
  hasRequested: boolean;
  /** Number of the first segment that this player's playlists have not listed yet; null before its first playlist. */
  unpublishedNumber: number | null;
}

/** The viewer of a browser that was asked to retry, because its stream is still starting. */
interface WaitingViewer {
  readonly key: StreamKey;
  readonly viewer: Viewer;
  /** Monotonic time until which it is kept. */
  readonly untilMs: number;
}

const CHECK_INTERVAL_MS = 1000;
/** A player reloads its playlist once per target duration. After three of them without a request, it counts as gone. */
const MAX_IDLE_TARGETS = 3;
/** A player must follow the redirect of its first request within this time. */
const FIRST_REQUEST_TIMEOUT_MS = 5000;
/**
 * The media sequence numbers of a new stream must be higher than those of an earlier stream of the same content,
 * because a player may continue in it with an old address. The numbers of a stream therefore begin with the seconds
 * since this date, so that they are higher even after a restart of the process.
 */
const NUMBERING_EPOCH_MS = Date.UTC(2020, 0, 1);
/**
 * A player fetches two or three segments at a time. If there are more than this, several clients share one playback.
 */
const MAX_CONCURRENT_SEGMENTS = 8;
/**
 * How long a playlist request may be held while the next segment is late and there is no new segment to list. Without
 * that, FFmpeg and Kodi would retry only after half a target duration, and Kodi gives up 20 s after its last packet.
 * The value is half of the time after which players in browsers give up a playlist request.
 */
const MAX_PLAYLIST_WAIT_MS = 5000;
/** How long a browser that was asked to retry counts as a viewer without a further request. */
const RETRY_TIMEOUT_MS = 15_000;

/**
 * All HLS playbacks, and the segment tracks of their streams. The requests of an HLS player are independent of each
 * other, so a viewer is recognised by the token in its addresses, and counts as gone when it has sent no request for a
 * while. Each token counts as one viewer, so the limits of viewers also limit the number of playbacks.
 */
@Injectable()
export class HlsPlaybacks implements OnModuleInit, OnModuleDestroy {
  private readonly byToken = new Map<string, HlsPlayback>();
  private readonly waitingViewers = new Set<WaitingViewer>();
  private readonly tracks = new Map<LiveStream, { track: SegmentTrack; users: Set<object> }>();
  private readonly eventLoopLag = new EventLoopLag(CHECK_INTERVAL_MS, monotonicMs());
  /** No ended stream has used this media sequence number, or a higher one. */
  private firstFreeNumber = 1;
  private readonly segmentsSent;

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    streams: StreamRegistry,
    private readonly jobs: Jobs,
    metrics: MetricsRegistry,
  ) {
    streams.onOver((stream) => {
      if (isLiveStream(stream)) this.dropTrack(stream);
    });
    metrics.gauge(
      'acefleet_hls_viewers_active',
      'HLS viewers, included in acefleet_viewers_active.',
      () => this.byToken.size,
    );
    metrics.gauge(
      'acefleet_hls_unsent_bytes',
      'Bytes of HLS segments that wait in the sockets of viewers.',
      () => this.pinnedBytes,
    );
    this.segmentsSent = metrics.counter('acefleet_hls_segments_total', 'HLS segments sent.');
  }

  onModuleInit(): void {
    this.jobs.every('hls.idle', CHECK_INTERVAL_MS);
  }

  onModuleDestroy(): void {
    for (const playback of [...this.byToken.values()]) this.abortAll(playback);
  }

  /**
   * Returns the segment track of a stream, which reads the stream's media while the track has users. Each `user` must
   * be passed to `releaseTrack` later. For the viewer of a playback, this happens when it leaves.
   */
  acquireTrack(stream: LiveStream, user: object): SegmentTrack {
    let entry = this.tracks.get(stream);
    if (entry === undefined) {
      const wallMs = Date.now();
      const track = new SegmentTrack(stream.history, {
        segmentMs: this.config.hlsSegmentDurationMs,
        firstNumber: Math.max(
          Math.floor((wallMs - NUMBERING_EPOCH_MS) / 1000),
          this.firstFreeNumber,
        ),
        wallMinusMonotonicMs: wallMs - monotonicMs(),
      });
      entry = { track, users: new Set() };
      this.tracks.set(stream, entry);
    }
    entry.users.add(user);
    entry.track.listen();
    return entry.track;
  }

  /** Ends the use of a track. */
  releaseTrack(stream: LiveStream, user: object): void {
    const entry = this.tracks.get(stream);
    if (entry === undefined) return;
    entry.users.delete(user);
    // Keep the track until its stream ends, because the media sequence numbers of a stream must not start again.
    if (entry.users.size === 0) entry.track.stopListening();
  }

  /** Creates the playback of a viewer whose stream is ready, and makes the viewer a user of the stream's track. */
  begin(key: StreamKey, viewer: Viewer, stream: LiveStream): HlsPlayback {
    const playback: HlsPlayback = {
      token: randomBytes(16).toString('hex'),
      key,
      viewer,
      stream,
      track: this.acquireTrack(stream, viewer),
      senders: new Set(),
      lastRequestMs: monotonicMs(),
      hasRequested: false,
      unpublishedNumber: null,
    };
    this.byToken.set(playback.token, playback);
    viewer.onGone = (reason) => this.viewerLeft(playback, reason);
    stream.attachSegmentViewer(viewer);
    return playback;
  }

  /** Returns the playback with this token. Null if it has ended. */
  find(token: string): HlsPlayback | null {
    return this.byToken.get(token) ?? null;
  }

  /** Notes that the player of a playback is alive. */
  touch(playback: HlsPlayback): void {
    playback.lastRequestMs = monotonicMs();
    playback.hasRequested = true;
  }

  /**
   * If the next segment is late, waits up to 5 s for a segment that the player's last playlist did not list. Returns
   * false if the playback has ended or there is no segment to list.
   */
  async waitForNewSegment(playback: HlsPlayback): Promise<boolean> {
    const { track, unpublishedNumber, token } = playback;
    if (track.isLateAt(monotonicMs()) && track.nextNumber === unpublishedNumber) {
      const timeout = new Deferred<void>();
      const timer = setTimeout(() => timeout.resolve(), MAX_PLAYLIST_WAIT_MS);
      await Promise.race([track.whenAvailable(unpublishedNumber), timeout.promise]);
      clearTimeout(timer);
      playback.lastRequestMs = monotonicMs();
    }
    return this.byToken.has(token) && track.isPlayable;
  }

  /** Returns the current playlist, and notes that this player knows its segments. */
  publishPlaylist(playback: HlsPlayback, isWhole: boolean, folder: string): string {
    const text = playback.track.playlist(isWhole, folder);
    playback.unpublishedNumber = playback.track.nextNumber;
    return text;
  }

  /** @throws AppError `client_limit` if the playback already fetches more segments at a time than any player does */
  checkConcurrentSegments({ senders }: HlsPlayback): void {
    if (senders.size < MAX_CONCURRENT_SEGMENTS) return;
    const detail = `More than ${MAX_CONCURRENT_SEGMENTS} segments at a time for one playback.`;
    throw new AppError('client_limit', detail);
  }

  /** Registers a sender, until `segmentEnded` removes it. */
  segmentStarted(playback: HlsPlayback, sender: SegmentSender): void {
    playback.senders.add(sender);
    playback.stream.segmentBegins(playback.viewer);
    this.segmentsSent.inc();
  }

  segmentEnded(playback: HlsPlayback, sender: SegmentSender): void {
    playback.senders.delete(sender);
    playback.lastRequestMs = monotonicMs();
  }

  /** Keeps the viewer of a browser that was asked to retry, so that the start continues. */
  keepWaitingViewer(key: StreamKey, viewer: Viewer): void {
    this.waitingViewers.add({ key, viewer, untilMs: monotonicMs() + RETRY_TIMEOUT_MS });
  }

  /**
   * Returns the viewer that was kept for a browser that was asked to retry. It is recognised by content, user, IP
   * address and User-Agent. Null if there is none.
   */
  resumeWaitingViewer(
    key: StreamKey,
    ip: string,
    userAgent: string,
    user: StreamUser | null,
  ): Viewer | null {
    for (const one of this.waitingViewers) {
      const { identity, leaveReason } = one.viewer;
      if (one.key !== key || identity.ip !== ip || identity.userAgent !== userAgent) continue;
      if (identity.user !== user) continue;
      this.waitingViewers.delete(one);
      if (leaveReason === null) return one.viewer;
    }
    return null;
  }

  private get pinnedBytes(): number {
    let bytes = 0;
    for (const { senders } of this.byToken.values()) {
      for (const sender of senders) bytes += sender.pinnedBytes;
    }
    return bytes;
  }

  /** Tells the tracks about stalls, aborts transfers without progress, and removes viewers without recent requests. */
  @JobHandler('hls.idle')
  removeIdle(): void {
    const nowMs = monotonicMs();
    const isLate = this.eventLoopLag.at(nowMs) > 0;
    for (const [stream, { track }] of this.tracks) {
      if (stream.state === 'stalled') {
        track.stalled(nowMs - (stream.ingest.lastMediaMs ?? nowMs));
      }
    }
    for (const playback of [...this.byToken.values()]) {
      const { senders, track, viewer } = playback;
      for (const sender of [...senders]) {
        sender.check(nowMs, isLate, this.config.proxyClientStallTimeoutMs);
      }
      // While our own event loop is late, requests may have arrived that are not read yet.
      if (isLate) playback.lastRequestMs = nowMs;
      const maxIdleMs = playback.hasRequested
        ? MAX_IDLE_TARGETS * track.targetMs
        : FIRST_REQUEST_TIMEOUT_MS;
      if (senders.size === 0 && nowMs - playback.lastRequestMs >= maxIdleMs) {
        viewer.leave('hung_up');
      }
    }
    for (const one of [...this.waitingViewers]) {
      if (nowMs < one.untilMs && one.viewer.leaveReason === null) continue;
      this.waitingViewers.delete(one);
      one.viewer.leave('hung_up');
    }
  }

  private viewerLeft(playback: HlsPlayback, reason: LeaveReason): void {
    this.byToken.delete(playback.token);
    this.releaseTrack(playback.stream, playback.viewer);
    if (reason !== 'hung_up') this.abortAll(playback);
  }

  private abortAll({ senders }: HlsPlayback): void {
    for (const sender of [...senders]) sender.abort();
  }

  private dropTrack(stream: LiveStream): void {
    const track = this.tracks.get(stream)?.track;
    if (track === undefined) return;
    this.tracks.delete(stream);
    track.stopListening();
    // A long history is cut into many segments at once, so the numbers may exceed the seconds since NUMBERING_EPOCH_MS.
    this.firstFreeNumber = Math.max(this.firstFreeNumber, track.nextNumber);
  }
}
