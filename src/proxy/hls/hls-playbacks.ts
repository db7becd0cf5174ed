import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
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

/** One player's watching by segments: what its token stands for. */
export interface Playback {
  readonly token: string;
  /** What was asked for; a token is good for nothing else. */
  readonly key: StreamKey;
  readonly viewer: Viewer;
  readonly session: LiveStream;
  readonly track: SegmentTrack;
  readonly sending: Set<SegmentSender>;
  lastAskedMs: number;
  /** The player has come with its token. */
  isFollowed: boolean;
  /** Number of the first segment that it has not been told of; null before its first playlist. */
  untoldNumber: number | null;
}

interface Patient {
  readonly key: StreamKey;
  readonly viewer: Viewer;
  readonly untilMs: number;
}

const LOOK_EVERY_MS = 1000;
/** A player reloads its playlist every target duration; one that misses three has gone. */
const IDLE_TARGETS = 3;
/** A player that does not go where its first request was led to has gone at once. */
const FOLLOW_WITHIN_MS = 5000;
/**
 * Numbers of sessions that follow one another must not meet, for a player that comes back with an old address goes
 * on in the new session: they begin at the seconds since this date, also after a restart.
 */
const NUMBERS_SINCE_MS = Date.UTC(2020, 0, 1);
/** Players fetch two or three segments at a time. More is somebody who uses one place for many. */
const MAX_SENDING = 8;
/**
 * While the next segment is late, a playlist without a new segment waits for it, for so long at most: half of what players in
 * browsers wait for one. FFmpeg, and Kodi with it, would ask again only after half a target duration, and Kodi gives up 20 s after
 * its last packet.
 */
const HOLD_MS = 5000;
/** A browser that was told to come back is counted in for so long without coming. */
const RETURN_WITHIN_MS = 15_000;

/**
 * Who watches by segments, and the segments of the streams they watch. Requests come and go, so a viewer is told by
 * a token in the addresses that its playback was given; it has left when it has asked for nothing for a while.
 * Bounded by the limits of viewers: each token is a viewer who is counted in.
 */
@Injectable()
export class HlsPlaybacks implements OnModuleInit, OnModuleDestroy {
  private readonly byToken = new Map<string, Playback>();
  private readonly patient = new Set<Patient>();
  private readonly tracks = new Map<LiveStream, { track: SegmentTrack; users: Set<object> }>();
  private readonly lateness = new EventLoopLag(LOOK_EVERY_MS, monotonicMs());
  /** No stream that is over has used this media sequence number, or a higher one. */
  private freeNumber = 1;
  private readonly segmentsSent;

  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    streams: StreamRegistry,
    private readonly jobs: Jobs,
    metrics: MetricsRegistry,
  ) {
    streams.onOver((stream) => {
      if (isLiveStream(stream)) this.forget(stream);
    });
    metrics.gauge(
      'proxy_hls_clients_active',
      'HLS viewers, included in proxy_clients_active.',
      () => this.byToken.size,
    );
    metrics.gauge(
      'proxy_hls_pinned_bytes',
      'Bytes of segments queued on sockets that the kernel has not taken.',
      () => this.pinnedBytes,
    );
    this.segmentsSent = metrics.counter('proxy_hls_segments_total', 'HLS segments sent.');
  }

  onModuleInit(): void {
    this.jobs.every('hls.idle', LOOK_EVERY_MS);
  }

  onModuleDestroy(): void {
    for (const playback of [...this.byToken.values()]) this.abortAll(playback);
  }

  /** The segments of a session, followed as long as somebody uses them; `user` has to let go or to begin. */
  use(session: LiveStream, user: object): SegmentTrack {
    let entry = this.tracks.get(session);
    if (entry === undefined) {
      const wallMs = Date.now();
      const track = new SegmentTrack(session.history, {
        segmentMs: this.config.hlsSegmentDurationMs,
        firstNumber: Math.max(Math.floor((wallMs - NUMBERS_SINCE_MS) / 1000), this.freeNumber),
        wallMinusMonotonicMs: wallMs - monotonicMs(),
      });
      entry = { track, users: new Set() };
      this.tracks.set(session, entry);
    }
    entry.users.add(user);
    entry.track.listen();
    return entry.track;
  }

  letGo(session: LiveStream, user: object): void {
    const entry = this.tracks.get(session);
    if (entry === undefined) return;
    entry.users.delete(user);
    // The track stays with its session: media sequence numbers never restart within one.
    if (entry.users.size === 0) entry.track.rest();
  }

  /** A viewer who waited gets its token. It uses the track of its session from now on. */
  begin(key: StreamKey, viewer: Viewer, session: LiveStream): Playback {
    const playback: Playback = {
      token: randomBytes(16).toString('hex'),
      key,
      viewer,
      session,
      track: this.use(session, viewer),
      sending: new Set(),
      lastAskedMs: monotonicMs(),
      isFollowed: false,
      untoldNumber: null,
    };
    this.byToken.set(playback.token, playback);
    viewer.onGone = (reason) => this.gone(playback, reason);
    session.attachSegmentViewer(viewer);
    return playback;
  }

  /** The playback of a token, which has just shown that it is alive; null when it is over. */
  ask(token: string): Playback | null {
    const playback = this.byToken.get(token);
    if (playback === undefined) return null;
    playback.lastAskedMs = monotonicMs();
    playback.isFollowed = true;
    return playback;
  }

  /**
   * While segments are late, waits for one that is not in the player's last playlist, but not for long. False when the playback
   * is over.
   */
  async whenUntold(playback: Playback): Promise<boolean> {
    const { track, untoldNumber, token } = playback;
    if (track.isLateAt(monotonicMs()) && track.nextNumber === untoldNumber) {
      const patience = new Deferred<void>();
      const timer = setTimeout(() => patience.resolve(), HOLD_MS);
      await Promise.race([track.whenMade(untoldNumber), patience.promise]);
      clearTimeout(timer);
      playback.lastAskedMs = monotonicMs();
    }
    return this.byToken.has(token) && track.isPlayable;
  }

  /** The playlist of the moment, of which the player is told now. */
  tell(playback: Playback, isWhole: boolean, folder: string): string {
    const text = playback.track.playlist(isWhole, folder);
    playback.untoldNumber = playback.track.nextNumber;
    return text;
  }

  /** @throws AppError `client_limit` when a playback fetches more segments at a time than any player does */
  mustBeFew({ sending }: Playback): void {
    if (sending.size < MAX_SENDING) return;
    const detail = `More than ${MAX_SENDING} segments at a time for one playback.`;
    throw new AppError('client_limit', detail);
  }

  /** A sender has begun; it is watched until it is over. */
  watch(playback: Playback, sender: SegmentSender): void {
    playback.sending.add(sender);
    this.segmentsSent.inc();
  }

  over(playback: Playback, sender: SegmentSender): void {
    playback.sending.delete(sender);
    playback.lastAskedMs = monotonicMs();
  }

  /** A browser was told to ask again: the start goes on for it, and its place is kept. */
  keepPlace(key: StreamKey, viewer: Viewer): void {
    this.patient.add({ key, viewer, untilMs: monotonicMs() + RETURN_WITHIN_MS });
  }

  /** The place of one who was told to ask again, if this is one of them: same content, address and agent. */
  takePlace(key: StreamKey, ip: string, userAgent: string): Viewer | null {
    for (const one of this.patient) {
      const { identity, leaveReason } = one.viewer;
      if (one.key !== key || identity.ip !== ip || identity.userAgent !== userAgent) continue;
      this.patient.delete(one);
      if (leaveReason === null) return one.viewer;
    }
    return null;
  }

  private get pinnedBytes(): number {
    let bytes = 0;
    for (const { sending } of this.byToken.values()) {
      for (const sender of sending) bytes += sender.pinnedBytes;
    }
    return bytes;
  }

  /** Notes stalls, cuts transfers that make no progress, and removes viewers that have asked for nothing for a while. */
  @JobHandler('hls.idle')
  removeIdle(): void {
    const nowMs = monotonicMs();
    const isLate = this.lateness.at(nowMs) > 0;
    for (const [session, { track }] of this.tracks) {
      if (session.state === 'stalled') {
        track.stalled(nowMs - (session.ingest.lastMediaMs ?? nowMs));
      }
    }
    for (const playback of [...this.byToken.values()]) {
      const { sending, track, viewer } = playback;
      for (const sender of [...sending]) {
        sender.check(nowMs, isLate, this.config.proxyClientStallTimeoutMs);
      }
      // Requests that wait while our own loop was late are not missing.
      if (isLate) playback.lastAskedMs = nowMs;
      const maxIdleMs = playback.isFollowed ? IDLE_TARGETS * track.targetMs : FOLLOW_WITHIN_MS;
      if (sending.size === 0 && nowMs - playback.lastAskedMs >= maxIdleMs) {
        viewer.host?.removeViewer(viewer, 'hung_up');
      }
    }
    for (const one of [...this.patient]) {
      if (nowMs < one.untilMs && one.viewer.leaveReason === null) continue;
      this.patient.delete(one);
      one.viewer.host?.removeViewer(one.viewer, 'hung_up');
    }
  }

  private gone(playback: Playback, reason: LeaveReason): void {
    this.byToken.delete(playback.token);
    this.letGo(playback.session, playback.viewer);
    if (reason !== 'hung_up') this.abortAll(playback);
  }

  private abortAll({ sending }: Playback): void {
    for (const sender of [...sending]) sender.abort();
  }

  private forget(session: LiveStream): void {
    const track = this.tracks.get(session)?.track;
    if (track === undefined) return;
    this.tracks.delete(session);
    track.rest();
    // A long past is cut at once, so that numbers may have run ahead of the seconds.
    this.freeNumber = Math.max(this.freeNumber, track.nextNumber);
  }
}
