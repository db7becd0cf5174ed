import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { streamKey, type ContentSelector, type StreamKey } from '../../kernel/content-selector';
import { AppError, asAppError, type ErrorCode } from '../../kernel/errors';
import type { SteadyWallClock } from '../../kernel/steady-wall-clock';
import { type AppConfig, viewOf } from '../../config';
import type { Jobs } from '../../coordination';
import type { SlotHolder } from '../../engines';
import type { StreamTotals } from '../../events';
import type { FoundFile } from './file-host';
import type { EndReason, Stream, StreamSnapshot, StreamState, StreamTimeline } from '../streams';
import { StreamHistory, StreamIngest } from '../upstream';
import { StreamFanout, type BacklogScheduler, type LeaveReason, type Viewer } from '../viewers';
import { Audience, type HolderKind } from './audience';
import { joinPointFor, reachableBehindMs } from './join-point';
import { MediaWatch } from './media-watch';
import { fanoutLimits, historyLimits } from './stream-limits';
import type { SourceChangeReason, StallReason, StreamReporter } from './stream-reporter';
import { StreamStart } from './stream-start';
import { isoOf, timelineOf } from './stream-timeline';
import { mayBecome, type LivePhase } from './live-phase';
import { StreamObservation } from './observation/stream-observation';
import type { EngineSources } from './sources/engine-sources';
import type { MoveUnderWay } from './sources/planned-moves';
import type { TimedAttempt } from './sources/attempt-log';
import { outageOver } from './sources/outcomes';
import { SourceController, type Claim } from './sources/source-controller';
import type { SourceRotation } from './sources/source-rotation';
import type { Source } from './sources/source.port';

/** Finds the stream that plays a content, and is told about changes of each stream. */
export interface LiveStreamDirectory {
  /**
   * Call when an engine has reported the infohash that `stream` plays. If another stream already plays that content,
   * `stream` is merged into it, provided that `stream` is still starting. If both are on the same engine, the other
   * stream also adopts the newer session.
   *
   * @returns `own`: no other stream plays the content. `merged`: `stream` was merged into the other stream.
   *   `played_elsewhere`: another stream plays the content, but `stream` runs already and cannot be merged.
   */
  claim(
    stream: LiveStream,
    infohash: string,
    source: Source,
  ): 'own' | 'merged' | 'played_elsewhere';
  /** Returns the ids of the engines that play another part of the stream's content for other streams. */
  enginesOfOtherParts(stream: LiveStream): ReadonlySet<string>;
  /** Ends one of these other streams that is not watched; false if there is none. */
  endUnwatchedPart(stream: LiveStream): Promise<boolean>;
  /** The stream changes to another source of its channel, so it must no longer be found under the old content. */
  sourceChanged(stream: LiveStream): void;
  /** Viewers can join the stream from now on. */
  live(stream: LiveStream): void;
  /** The stream has ended, so nothing may be added to it any more. Called once per stream. */
  over(stream: LiveStream): void;
  /** The viewer has left its stream. */
  viewerGone(viewer: Viewer): void;
  /**
   * An engine has reported that the content is a file. Returns true if a file playback took over the slot and session.
   */
  fileAnswered(found: FoundFile): boolean;
  /**
   * Returns true if the start failed because the content is a file. The content is then remembered as a file, and the
   * waiting requests continue as file playbacks.
   */
  fileFound(stream: LiveStream, error: AppError): boolean;
}

/**
 * One content that is being served live, with all its viewers. `live-phase.ts` lists its phases. The stream owns its
 * history, its fan-out, its timers, and the task that opens its sources. It finishes only through `end` or `fail`, and
 * both release everything that it owns.
 */
export class LiveStream implements Stream {
  readonly kind = 'live';
  readonly uid = randomUUID();
  readonly createdMs = monotonicMs();
  readonly history: StreamHistory;
  readonly ingest: StreamIngest;
  readyMs: number | null = null;
  endedMs: number | null = null;
  endReason: EndReason | ErrorCode | null = null;
  error: AppError | null = null;
  private readonly requestedAt = wallClockIso();
  /** What is observed about the stream: engine statistics, codecs, and detected loops. */
  readonly observation: StreamObservation;
  private readonly audience: Audience;
  readonly holder: SlotHolder;
  private readonly fanout: StreamFanout;
  private readonly watch: MediaWatch;
  private readonly sources: SourceController;
  private readonly abort = new AbortController();
  /** 40 lower-case hex digits; null until an engine has named the content. */
  infohash: string | null = null;
  isLive: 1 | 0 | -1 = -1;
  /** Time of the first answer from any engine. */
  private answeredAt: string | null = null;
  private readonly start = new StreamStart<LiveStream>();
  private readonly task: Promise<void>;
  private currentPhase: LivePhase = 'starting';
  private mergedInto: LiveStream | null = null;
  private lastEngineId: string | null = null;
  private stalledSinceMs = 0;
  /** Monotonic time of the last media before the stall. */
  private mediaUntilMs = 0;

  constructor(
    /** Public id, derived from the selector of the first request. It never changes. */
    readonly id: string,
    readonly selector: ContentSelector,
    /** Chooses the content to request from engines: the requested content, or one of the channel's sources. */
    readonly rotation: SourceRotation,
    private readonly report: StreamReporter,
    private readonly directory: LiveStreamDirectory,
    config: AppConfig,
    engines: EngineSources,
    jobs: Jobs,
    backlog: BacklogScheduler,
    wallClock: SteadyWallClock,
  ) {
    this.holder = engines.holder(id);
    const times = viewOf(config, { graceMs: 'proxyGracePeriodMs' });
    this.audience = new Audience(this.uid, times, jobs, this.holder);
    this.history = new StreamHistory(historyLimits(config));
    this.fanout = new StreamFanout(this.history, backlog, fanoutLimits(config), {
      cutViewer: (viewer, reason) => this.removeViewer(viewer, reason),
      viewerPaused: (viewer, isPaused) => this.audience.setPaused(viewer, isPaused),
      fault: (error) => this.fail(error),
      viewerJumped: (viewer, bytes, lagMs) => this.report.viewerJumped(viewer, bytes, lagMs),
    });
    this.ingest = new StreamIngest(
      this.history,
      { appended: () => this.mediaAppended(), joinable: () => this.becomeLive() },
      viewOf(config, { silenceMs: 'proxyStallTimeoutMs', outageMs: 'proxyOutageBudgetMs' }),
    );
    this.sources = new SourceController(
      {
        holder: this.holder,
        rotation,
        ingest: this.ingest,
        report,
        busyEngines: () => this.directory.enginesOfOtherParts(this),
        endUnwatchedPart: () => this.directory.endUnwatchedPart(this),
      },
      {
        answered: (source) => this.engineAnswered(source),
        reclaimed: () => void this.end('reclaimed'),
        sourceChanged: (...change) => this.sourceChanged(...change),
      },
      engines,
      config,
      this.abort.signal,
    );
    this.watch = new MediaWatch(this.ingest, this.fanout, config, {
      viewers: this.audience.viewers,
      isRunning: () => this.currentPhase === 'live' || this.currentPhase === 'stalled',
      reader: () => this.sources.reader,
      engineAnswers: (withinMs) => this.sources.engineAnswers(withinMs),
      silent: (reason, lastMediaMs) => this.stall(reason, lastMediaMs),
      outageOver: (silentMs) => this.fail(outageOver(silentMs)),
      fault: (error) => this.fail(error),
    });
    this.observation = new StreamObservation(
      {
        ingest: this.ingest,
        current: () => this.sources.current,
        isLive: () => this.currentPhase === 'live',
        leaveSource: (why) => this.sources.abandon(why),
        endLooping: () => void this.end('looping'),
        looping: (finding, action) => this.report.looping(this.engineId, finding, action),
        failed: (error) => this.report.observationFailed(error),
      },
      engines,
      config,
      wallClock,
    );
    this.report.requested();
    this.audience.beginIdleIfUnwatched();
    this.task = this.run();
  }

  /** Resolves with the stream to watch (another one after a merge); rejects with the start's error. */
  get ready(): Promise<LiveStream> {
    return this.start.ready.promise;
  }

  /**
   * Resolves when an engine has answered, before any media arrive; rejects if the start fails or the stream is stopped.
   */
  get answered(): Promise<LiveStream> {
    return this.start.answered.promise;
  }

  /**
   * Calls `act` when the stream has media, or when its start finds no free slot; soon if either is the case already. Never
   * calls it if the start fails before.
   */
  onceBegunOrBlocked(act: () => void): void {
    const { lacksSlot } = this.holder;
    if (lacksSlot.aborted) queueMicrotask(act);
    else lacksSlot.addEventListener('abort', act, { once: true });
    // A stream may run for weeks and never lack a slot, and would keep all that `act` refers to in memory.
    const forget = (): void => lacksSlot.removeEventListener('abort', act);
    this.ready.then(() => {
      forget();
      act();
    }, forget);
  }

  /** All viewers of a live stream watch the same content. */
  get subject(): object {
    return this;
  }

  get key(): StreamKey {
    return streamKey(this.rotation.subject);
  }

  get isOver(): boolean {
    return this.currentPhase === 'ended' || this.currentPhase === 'failed';
  }

  get state(): StreamState {
    return this.audience.idleSince !== null && !this.isOver ? 'grace' : this.currentPhase;
  }

  get timeline(): StreamTimeline {
    return timelineOf(this.requestedAt, this.answeredAt, this.ingest);
  }

  get attempts(): readonly TimedAttempt[] {
    return this.sources.attempts;
  }

  get failovers(): number {
    return this.sources.failovers;
  }

  /** The source in use or being opened; null if there is none. */
  get current(): Source | null {
    return this.sources.current;
  }

  /** The engine that serves the stream, or served it last, even after the stream has ended. */
  get engineId(): string | null {
    return this.sources.current?.engine.id ?? this.lastEngineId;
  }

  get viewers(): ReadonlySet<Viewer> {
    return this.audience.viewers;
  }

  /** True if the content may have caused the failure; false if the start timed out before any engine answered. */
  get isFaultOfContent(): boolean {
    return this.error?.code !== 'start_timeout' || this.answeredAt !== null;
  }

  get holdsSlot(): boolean {
    return this.current !== null;
  }

  snapshot(): StreamSnapshot {
    const { history, ingest, current, error } = this;
    const nowMs = monotonicMs();
    const seconds = history.mediaMsBehind(history.ring.tail);
    const engineId = this.engineId;
    return {
      id: this.id,
      kind: 'live',
      selector: this.selector,
      infohash: this.infohash,
      channel: this.rotation.channelId,
      source: this.rotation.source,
      state: this.state,
      isLive: this.isLive === -1 ? null : this.isLive === 1,
      engine:
        engineId === null
          ? null
          : {
              id: engineId,
              host: current?.engine.endpoint.host ?? null,
              port: current?.engine.endpoint.port ?? null,
            },
      playbackSessionId: current?.opened?.playbackSessionId ?? null,
      clientCount: this.isOver ? 0 : this.viewers.size,
      createdAt: isoOf(this.createdMs),
      startedAt: isoOf(this.readyMs),
      endedAt: isoOf(this.endedMs),
      endReason: this.endReason,
      error: error === null ? null : { code: error.code, detail: error.detail },
      idleMs: this.idleSince === null ? 0 : (this.endedMs ?? nowMs) - this.idleSince,
      durationMs: (this.endedMs ?? nowMs) - this.createdMs,
      attempts: this.attempts,
      timeline: this.timeline,
      buffer: {
        seconds: seconds === null ? null : Math.round(seconds) / 1000,
        bytes: this.isOver ? 0 : history.ring.head - history.ring.tail,
        keyframes: this.isOver ? 0 : history.points.count,
      },
      bitrateBps: history.bitrateBps === null ? null : Math.round(history.bitrateBps),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      pinnedBytes: this.pinnedBytes,
      continuityErrors: history.scanner.continuityErrors,
      resyncs: ingest.totalResyncs,
      failovers: this.failovers,
    };
  }

  totals(): StreamTotals {
    const { firstByteMs, bytesIn } = this.ingest;
    return {
      kind: this.kind,
      channel: this.rotation.channelId,
      is_for_viewers: this.audience.isForViewers,
      first_byte_ms: firstByteMs === null ? null : Math.round(firstByteMs - this.createdMs),
      bytes_in: bytesIn,
      bytes_out: this.bytesOut,
    };
  }

  /** Monotonic time at which the stream became idle; null while it is watched or held. */
  get idleSince(): number | null {
    return this.audience.idleSince;
  }

  /** Number of viewers who wait or watch, without the paused ones. */
  get watching(): number {
    return this.audience.watching;
  }

  get bytesIn(): number {
    return this.ingest.bytesIn;
  }

  get bytesOut(): number {
    return this.audience.bytesOut;
  }

  get pinnedBytes(): number {
    return this.fanout.unsentBytes;
  }

  get viewerBps(): number | null {
    return this.history.knownBitrateBps;
  }

  /** Bytes of memory that viewers keep alive beyond the history, excluding buffers already in `counted`. */
  pinnedMemory(counted: Set<ArrayBufferLike>): number {
    return this.fanout.pinnedMemory(counted);
  }

  /** Adds a viewer. The stream stays alive until the viewer has left and the grace period is over. */
  addViewer(viewer: Viewer): void {
    this.audience.add(viewer, this);
  }

  /**
   * How far behind live a viewer that requests `behindMs` would really begin, in ms of media. Null while nobody can
   * join, and while the stream has no media time.
   */
  reachableBehindMs(behindMs: number): number | null {
    if (this.readyMs === null || this.isOver) return null;
    return reachableBehindMs(this.history, behindMs);
  }

  /** Starts feeding a viewer whose response headers have been sent. Call only after `ready` has resolved. */
  attachViewer(viewer: Viewer, socket: Socket, joinBehindMs: number): void {
    const point = joinPointFor(viewer, this.history, this.readyMs, joinBehindMs);
    if (point === null) throw new AppError('internal_error', 'The stream has no join point.');
    this.fanout.attach(viewer, socket, point, monotonicMs());
    this.report.viewerJoined(viewer);
    this.report.firstByte(viewer, 'mpegts');
  }

  /** Call when an HLS viewer gets its first playlist, and only after `ready` has resolved. */
  attachSegmentViewer(viewer: Viewer): void {
    viewer.takesSegments = true;
    this.report.viewerJoined(viewer);
  }

  /** Call before a segment is sent to an HLS viewer. */
  segmentBegins(viewer: Viewer): void {
    if (viewer.queuedBytes === 0) this.report.firstByte(viewer, 'hls');
  }

  removeViewer(viewer: Viewer, reason: LeaveReason): void {
    if (!this.audience.remove(viewer, reason)) return;
    this.fanout.detach(viewer);
    if (viewer.isFed) this.report.viewerLeft(viewer, reason);
    // Reset the connection instead of closing it. The response has no length, so players would take a normal close for
    // the end of the programme, and Kodi would go on to the next channel.
    if (reason === 'hung_up') viewer.socket?.destroy();
    else viewer.socket?.resetAndDestroy();
    viewer.onGone?.(reason);
    this.directory.viewerGone(viewer);
    if (!this.isOver) this.audience.beginIdleIfUnwatched();
  }

  /** Keeps the stream alive for a holder that is not a viewer. */
  hold(holder: object, kind: HolderKind): void {
    this.audience.hold(holder, kind);
  }

  letGo(holder: object): void {
    this.audience.letGo(holder);
    if (!this.isOver) this.audience.beginIdleIfUnwatched();
  }

  /** Ends the stream without an error. Resolves when its engine sessions are stopped and its slot is free. */
  async end(reason: EndReason): Promise<void> {
    if (this.finish('ended', reason)) {
      if (reason !== 'recorded') this.report.ended(this.lastEngineId, reason, this.totals());
      // The requests that waited for a merged stream now wait for the other stream.
      if (this.mergedInto === null) this.start.stopped(reason);
      this.dismissViewers(reason === 'shutdown' ? 'shutdown' : 'stopped');
    }
    await this.task;
  }

  /** Moves the stream to another engine while it plays. @throws as `PlannedMoves.request` */
  moveToEngine(engineId: string | null): MoveUnderWay {
    return this.sources.move(engineId);
  }

  /** Takes over the newer engine session of this content, as `SourceController.adoptFrom` describes. */
  adoptFrom(newer: Source): void {
    this.sources.adoptFrom(newer);
  }

  /** Call when PROXY_GRACE_PERIOD has changed. */
  graceChanged(): void {
    this.audience.graceChanged();
  }

  /** Call when the grace period is over. Does nothing if there is a viewer or a holder again. */
  async endIfEmpty(): Promise<void> {
    if (this.audience.isEmpty) await this.end('no_viewers');
  }

  private async run(): Promise<void> {
    // Begin in a later turn, because the caller adds the viewer who requested the stream only after this constructor.
    await Promise.resolve();
    try {
      await this.sources.run();
      // Do not await `end`, because it waits for this task.
      if (this.mergedInto !== null) void this.end('joined_other_session');
    } catch (error) {
      // Fail before waiting for the engine sessions to stop, so that callers get the error at once.
      this.fail(error);
    }
    await this.sources.settled();
  }

  /**
   * Merges this stream into `other`, which plays the same content. Its viewers and waiting requests move to `other`.
   */
  mergeInto(other: LiveStream): void {
    this.mergedInto = other;
    other.rotation.takeOverChannel(this.rotation);
    this.audience.moveTo(other.audience, other);
    this.start.follow(other);
  }

  private engineAnswered(source: Source): Claim {
    const isFirst =
      this.currentPhase === 'starting' ||
      (this.rotation.channelId !== null && this.infohash === null);
    this.lastEngineId = source.engine.id;
    this.answeredAt ??= wallClockIso();
    const { isLive = -1, infohash = null } = source.opened ?? {};
    this.isLive = isLive;
    this.infohash ??= infohash;
    // Do not resolve `answered` for a file: requests that wait for it expect a live stream.
    if (isLive === 0) return this.handOverFile(source);
    const claim =
      infohash !== null && isFirst ? this.directory.claim(this, infohash, source) : 'own';
    if (claim === 'own') this.start.answered.resolve(this);
    return claim;
  }

  /**
   * Hands a file over to a file playback, but only while a stream without a channel is starting. In all other cases the
   * stream gives up this content.
   */
  private handOverFile(source: Source): Claim {
    if (this.rotation.channelId !== null || this.currentPhase !== 'starting') return 'own';
    const selector = this.rotation.content;
    const isTaken = source.handOver((lease, engineSession) =>
      this.directory.fileAnswered({ selector, lease, engineSession }),
    );
    return isTaken ? 'handed_over' : 'own';
  }

  private sourceChanged(
    fromId: string | null,
    reason: SourceChangeReason,
    detail: string | null,
  ): void {
    // The next engine that answers reports the infohash of the new content.
    this.infohash = null;
    this.directory.sourceChanged(this);
    this.report.sourceChanged(this.rotation, fromId, reason, detail);
  }

  private mediaAppended(): void {
    this.fanout.appended();
    this.sources.mediaAppended();
    // This method also runs when only padding or tables arrived, but only media end a stall.
    const lastMediaMs = this.ingest.lastMediaMs ?? 0;
    if (this.currentPhase !== 'starting') this.rotation.mediaCame(lastMediaMs);
    if (this.currentPhase === 'stalled' && lastMediaMs >= this.stalledSinceMs) this.resume();
    this.watch.regulateBurst(monotonicMs());
  }

  private becomeLive(): void {
    this.readyMs = monotonicMs();
    this.sources.confirm();
    this.rotation.mediaCame(this.readyMs);
    this.fanout.flush();
    this.become('live');
    const startMs = Math.round(this.readyMs - this.createdMs);
    this.report.started(this.lastEngineId ?? '', this.infohash, startMs);
    this.reportStart(this.readyMs, null);
    this.directory.live(this);
    this.start.ready.resolve(this);
  }

  private reportStart(endedMs: number, error: string | null): void {
    this.report.startEnded(() => ({
      streamId: this.id,
      channel: this.rotation.channelId,
      requestedMs: this.createdMs,
      firstByteMs: this.ingest.firstByteMs,
      readyMs: this.readyMs,
      endedMs,
      error,
      attempts: this.attempts,
    }));
  }

  private stall(reason: StallReason, lastMediaMs: number): void {
    if (this.currentPhase !== 'live') return;
    this.become('stalled');
    this.stalledSinceMs = monotonicMs();
    this.mediaUntilMs = lastMediaMs;
    this.report.stalled(this.engineId, reason);
  }

  private resume(): void {
    this.become('live');
    this.report.resumed(this.engineId ?? '', Math.round(monotonicMs() - this.mediaUntilMs));
  }

  private fail(cause: unknown): void {
    if (this.isOver) return;
    const error = asAppError(cause, 'The stream failed inside the proxy.');
    if (this.readyMs === null && this.directory.fileFound(this, error)) {
      // The waiting requests continue as file playbacks, which may need this slot. So end only when it is free.
      void this.sources.settled().then(() => this.end('recorded'));
      return;
    }
    // Set the error before `finish`, which makes the directory remember it.
    this.error = error;
    this.finish('failed', error.code);
    const { infohash, lastEngineId, attempts } = this;
    this.report.failed(error, lastEngineId, infohash, attempts, this.totals());
    this.start.reject(error);
    this.dismissViewers('stream_failed');
  }

  private dismissViewers(reason: LeaveReason): void {
    for (const viewer of [...this.audience.viewers]) this.removeViewer(viewer, reason);
  }

  /** Stops everything that the stream owns, for `end` and `fail`. Returns false if the stream was over already. */
  private finish(phase: 'ended' | 'failed', reason: EndReason | ErrorCode): boolean {
    if (this.isOver) return false;
    this.lastEngineId = this.engineId ?? this.attempts.at(-1)?.engineId ?? null;
    this.become(phase);
    this.endedMs = monotonicMs();
    this.endReason = reason;
    if (this.readyMs === null) this.reportStart(this.endedMs, reason);
    this.watch.close();
    this.observation.close();
    this.audience.close();
    this.fanout.close();
    this.abort.abort();
    this.directory.over(this);
    return true;
  }

  private become(to: LivePhase): void {
    if (!mayBecome(this.currentPhase, to)) {
      throw new Error(`A stream cannot go from ${this.currentPhase} to ${to}`);
    }
    this.currentPhase = to;
  }
}
