import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import {
  streamKey,
  type ContentSelector,
  type SourceSelector,
  type StreamKey,
} from '../../kernel/content-selector';
import { AppError, asAppError } from '../../kernel/errors';
import type { EngineSession } from '../../ace';
import type { SlotHolder, SlotLease } from '../../engines';
import type { FoundRecording } from './recording-host';
import type {
  Attempt,
  EndReason,
  Stream,
  StreamSnapshot,
  StreamState,
  StreamTimeline,
} from '../streams';
import { StreamHistory, StreamIngest } from '../upstream';
import { StreamFanout, type BacklogScheduler, type LeaveReason, type Viewer } from '../viewers';
import { Audience, type HolderKind } from './audience';
import { joinPlaceFor, reachableBehindMs } from './join-place';
import { MediaWatch } from './media-watch';
import { fanoutLimits, historyLimits } from './stream-limits';
import { StreamReporter } from './stream-reporter';
import type { SessionServices } from './session-services';
import { StreamStart } from './stream-start';
import { isoOf, timelineOf } from './stream-timeline';
import { mayMove, type CurrentEngine, type LivePhase } from './live-phase';
import { createSourceRotation, type SourceRotation } from './sources/source-rotation';
import { outageOver } from './sources/start-outcome';
import { StreamObservation } from './observation/stream-observation';
import type { Claim } from './sources/source-attempts';
import { SourceController } from './sources/source-controller';

/** What a session tells, and asks, whoever made it. */
export interface SessionOwner {
  /**
   * An engine has said which content it plays. When another stream plays it already, that stream takes the newer engine
   * session over if it is on the same engine, and a start joins it.
   */
  contentKnown(
    session: LiveStream,
    infohash: string,
    engineSession: EngineSession,
    lease: SlotLease,
  ): 'own' | 'same_engine' | 'merged';
  /** Whether a session other than this one plays that content. */
  isPlayedElsewhere(session: LiveStream, content: SourceSelector): boolean;
  /** The session of a channel is about to play another content: it is not to be found as the old one any more. */
  sourceChanged(session: LiveStream): void;
  /** Viewers can join from now on. */
  sessionLive(session: LiveStream): void;
  /** The session is over; nothing may be added to it any more. Called once. */
  sessionOver(session: LiveStream): void;
  viewerGone(viewer: Viewer): void;
  /** An engine said that the content is recorded. True: its slot and session are the owner's from now on. */
  recordingAnswered(found: FoundRecording): boolean;
  /** Whether the content whose start ended with this is played elsewhere. */
  recordingFound(session: LiveStream, error: AppError): boolean;
}

/**
 * One content, one engine session, all its viewers. Its phases are in `live-phase.ts`. The stream owns the
 * task that supplies it, the ring, the fan-out and one timer. It finishes only through `end` or `fail`, and
 * both release everything it owns.
 */
export class LiveStream implements Stream {
  readonly kind = 'live';
  readonly uid = randomUUID();
  readonly createdMs = monotonicMs();
  readonly history: StreamHistory;
  readonly ingest: StreamIngest;
  readyMs: number | null = null;
  endedMs: number | null = null;
  endReason: string | null = null;
  error: AppError | null = null;
  private readonly requestedAt = wallClockIso();
  /** What is known beside the media: statistics, make-up, loops. */
  readonly observation: StreamObservation;
  private readonly audience: Audience;
  readonly holder: SlotHolder;
  private readonly fanout: StreamFanout;
  private readonly watch: MediaWatch;
  private readonly report: StreamReporter;
  readonly supervisor: SourceController;
  private readonly abort = new AbortController();
  /** What is asked of engines: the content, or the sources of a channel. */
  readonly rotation: SourceRotation;
  /** 40 lower-case hex digits; null while no engine has named the content. */
  infohash: string | null = null;
  isLive: 1 | 0 | -1 = -1;
  /** When an engine answered first. */
  private answeredAt: string | null = null;
  private readonly start = new StreamStart<LiveStream>();
  private readonly task: Promise<void>;
  private currentPhase: LivePhase = 'starting';
  private mergedInto: LiveStream | null = null;
  private lastEngineId: string | null = null;
  private stalledSinceMs = 0;
  /** The last media before the stall. */
  private mediaUntilMs = 0;

  constructor(
    /** Public id: the first key that was asked for. Never changes. */
    readonly id: string,
    readonly selector: ContentSelector,
    services: SessionServices,
    catchUp: BacklogScheduler,
    private readonly owner: SessionOwner,
  ) {
    const { config } = services;
    this.holder = services.scheduler.holder(id);
    this.report = new StreamReporter(id, selector, services);
    this.rotation = createSourceRotation(selector, services, (content) =>
      owner.isPlayedElsewhere(this, content),
    );
    this.audience = new Audience(this.uid, config.proxyGracePeriodMs, services.jobs, this.holder);
    this.history = new StreamHistory(historyLimits(config));
    this.fanout = new StreamFanout(this.history, catchUp, fanoutLimits(config), {
      cutViewer: (viewer, reason) => this.removeViewer(viewer, reason),
      viewerPaused: (viewer, isPaused) => this.audience.setPaused(viewer, isPaused),
      fault: (error) => this.fail(error),
      viewerJumped: (viewer, bytes, lagMs) => this.report.viewerJumped(viewer, bytes, lagMs),
    });
    this.ingest = new StreamIngest(
      this.history,
      { appended: () => this.mediaAppended(), joinable: () => this.becomeLive() },
      { silenceMs: config.proxyStallTimeoutMs, outageMs: config.proxyOutageBudgetMs },
    );
    this.supervisor = new SourceController(
      {
        holder: this.holder,
        rotation: this.rotation,
        ingest: this.ingest,
        report: this.report,
        isRunning: () => this.currentPhase !== 'starting',
        isDeserted: () => this.audience.isEmpty,
        engineAnswered: (engineSession, lease) => this.engineAnswered(engineSession, lease),
        reclaimed: () => void this.end('reclaimed'),
        sourceChanged: (fromId, reason) => this.sourceChanged(fromId, reason),
      },
      services,
      this.abort.signal,
    );
    this.watch = new MediaWatch(this.ingest, this.fanout, config, {
      viewers: this.audience.viewers,
      isRunning: () => this.currentPhase === 'live' || this.currentPhase === 'stalled',
      reader: () => this.supervisor.reader,
      engineAnswers: (withinMs) => this.supervisor.engineAnswers(withinMs),
      silent: (reason, lastMediaMs) => this.stall(reason, lastMediaMs),
      outageOver: (silentMs) => this.fail(outageOver(silentMs)),
      fault: (error) => this.fail(error),
    });
    this.observation = new StreamObservation(
      {
        streamId: id,
        ingest: this.ingest,
        current: () => this.supervisor.current,
        isLive: () => this.currentPhase === 'live',
        leaveSource: (why) => this.supervisor.reader?.leave(why),
        endLooping: () => void this.end('looping'),
        looping: (finding, action) => this.report.looping(this.engineId, finding, action),
      },
      services,
    );
    this.report.requested();
    this.audience.beginIdleIfUnwatched();
    this.task = this.supply();
  }

  /** Settles when the start has: with the session to watch, which may be another one, or the error. */
  get ready(): Promise<LiveStream> {
    return this.start.ready.promise;
  }

  /** Settles when an engine has answered, before any media. */
  get answered(): Promise<LiveStream> {
    return this.start.answered.promise;
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

  get attempts(): readonly Attempt[] {
    return this.supervisor.attempts;
  }

  get failovers(): number {
    return this.supervisor.failovers;
  }

  get current(): CurrentEngine | null {
    return this.supervisor.current;
  }

  /** The engine that served last, also after the end. */
  get engineId(): string | null {
    return this.supervisor.current?.lease.engine.id ?? this.lastEngineId;
  }

  get viewers(): ReadonlySet<Viewer> {
    return this.audience.viewers;
  }

  /** Whether the failure speaks against the content: an engine that never answered says nothing about it. */
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
              host: current?.lease.engine.endpoint.host ?? null,
              port: current?.lease.engine.endpoint.port ?? null,
            },
      playbackSessionId: current?.engineSession?.playbackSessionId ?? null,
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
      bytesIn: ingest.bytesIn,
      bytesOut: this.bytesOut,
      pinnedBytes: this.pinnedBytes,
      continuityErrors: history.scanner.continuityErrors,
      resyncs: ingest.totalResyncs,
      failovers: this.failovers,
    };
  }

  get idleSince(): number | null {
    return this.audience.idleSince;
  }

  /** Viewers who wait or watch, those who are paused left out. */
  get watching(): number {
    return this.audience.watching;
  }

  get bytesOut(): number {
    return this.audience.bytesOut;
  }

  get pinnedBytes(): number {
    return this.fanout.pinnedBytes;
  }

  /** Memory that viewers keep alive beyond the history, without what is in `counted`. */
  pinnedMemory(counted: Set<ArrayBufferLike>): number {
    return this.fanout.pinnedMemory(counted);
  }

  /** Counts a viewer in; from now on the session waits for it. */
  addViewer(viewer: Viewer): void {
    this.audience.add(viewer, this);
  }

  /**
   * How far behind live a viewer who asks for that much would begin now, in media ms. Null while nobody can
   * join, and for a stream without a clock.
   */
  reachableBehindMs(behindMs: number): number | null {
    if (this.readyMs === null || this.isOver) return null;
    return reachableBehindMs(this.history, behindMs);
  }

  /** Starts feeding a viewer whose response head is out. Only after `ready`. */
  attachViewer(viewer: Viewer, socket: Socket, joinBehindMs: number): void {
    const point = joinPlaceFor(viewer, this.history, this.readyMs, joinBehindMs);
    if (point === null) throw new AppError('internal_error', 'The stream has no place to join at.');
    this.fanout.attach(viewer, socket, point, monotonicMs());
    this.report.viewerJoined(viewer);
  }

  /** A viewer who fetches segments gets its first playlist. Only after `ready`. */
  attachSegmentViewer(viewer: Viewer): void {
    viewer.takesSegments = true;
    this.report.viewerJoined(viewer);
  }

  removeViewer(viewer: Viewer, reason: LeaveReason): void {
    if (!this.audience.remove(viewer, reason)) return;
    this.fanout.detach(viewer);
    if (viewer.isFed) this.report.viewerLeft(viewer, reason);
    // An unframed body that ends with FIN looks like a normal end, and Kodi plays the next channel.
    if (reason === 'hung_up') viewer.socket?.destroy();
    else viewer.socket?.resetAndDestroy();
    viewer.onGone?.(reason);
    this.owner.viewerGone(viewer);
    if (!this.isOver) this.audience.beginIdleIfUnwatched();
  }

  /** Keeps the session alive without being a viewer. */
  hold(holder: object, kind: HolderKind): void {
    this.audience.hold(holder, kind);
  }

  letGo(holder: object): void {
    this.audience.letGo(holder);
    if (!this.isOver) this.audience.beginIdleIfUnwatched();
  }

  /** Ends the session for a reason that is no fault. Resolves when engine session and slot are free. */
  async end(reason: EndReason): Promise<void> {
    if (this.finish('ended', reason)) {
      if (reason !== 'recorded') this.report.ended(this.lastEngineId, reason);
      // A session that was merged has handed its fate to the other one.
      if (this.mergedInto === null) this.start.stopped(reason);
      this.dismissViewers(reason === 'shutdown' ? 'shutdown' : 'stopped');
    }
    await this.task;
  }

  /** The grace period is over. A viewer may have come back meanwhile: then the stream goes on. */
  async endIfEmpty(): Promise<void> {
    if (this.audience.isEmpty) await this.end('no_viewers');
  }

  private async supply(): Promise<void> {
    // The first step runs in a later turn, so that whoever asked for the session is counted in by then.
    await Promise.resolve();
    try {
      await this.supervisor.run();
      // Not awaited: `end` waits for this task.
      if (this.mergedInto !== null) void this.end('joined_other_session');
    } catch (error) {
      // Before any engine is waited for: who waits for a start gets its error the moment it is decided.
      this.fail(error);
    }
    await this.supervisor.settled();
  }

  /** Another stream plays the content: everybody who waits here is served there. */
  join(other: LiveStream): void {
    this.mergedInto = other;
    other.rotation.serve(this.rotation);
    this.audience.moveTo(other.audience, other);
    this.start.follow(other);
  }

  private engineAnswered(engineSession: EngineSession, lease: SlotLease): Claim {
    const isStarting = this.currentPhase === 'starting';
    const isFirst = isStarting || (this.rotation.channelId !== null && this.infohash === null);
    const { infohash } = engineSession;
    this.lastEngineId = lease.engine.id;
    this.supervisor.acquirer.answered();
    this.answeredAt ??= wallClockIso();
    this.isLive = engineSession.isLive;
    this.infohash ??= infohash;
    // A file is no stream of this kind: nobody is to be told that it was accepted.
    if (engineSession.isLive === 0) return this.handOverFile(engineSession, lease);
    const claim =
      infohash !== null && isFirst
        ? this.owner.contentKnown(this, infohash, engineSession, lease)
        : 'own';
    if (claim === 'own') this.start.answered.resolve(this);
    return claim;
  }

  /** A channel is a broadcast: a source that is a file is given up for the next one; so is a file in a running stream. */
  private handOverFile(engineSession: EngineSession, lease: SlotLease): Claim {
    if (this.rotation.channelId !== null || this.currentPhase !== 'starting') return 'own';
    this.supervisor.acquirer.confirm();
    const found = { selector: this.rotation.content, lease, engineSession };
    return this.owner.recordingAnswered(found) ? 'handed_over' : 'own';
  }

  private sourceChanged(fromId: string | null, reason: string): void {
    // The next answer is about another content.
    this.infohash = null;
    this.owner.sourceChanged(this);
    this.report.sourceChanged(this.rotation, fromId, reason);
  }

  private mediaAppended(): void {
    this.fanout.appended();
    // Padding and tables alone are no media.
    const lastMediaMs = this.ingest.lastMediaMs ?? 0;
    if (this.currentPhase !== 'starting') this.rotation.mediaCame(lastMediaMs);
    if (this.currentPhase === 'stalled' && lastMediaMs >= this.stalledSinceMs) this.resume();
    this.watch.regulateBurst(monotonicMs());
  }

  private becomeLive(): void {
    this.readyMs = monotonicMs();
    this.supervisor.acquirer.confirm();
    this.rotation.mediaCame(this.readyMs);
    this.fanout.flush();
    this.move('live');
    const startMs = Math.round(this.readyMs - this.createdMs);
    this.report.started(this.lastEngineId ?? '', this.infohash, startMs);
    this.owner.sessionLive(this);
    this.start.ready.resolve(this);
  }

  private stall(reason: string, lastMediaMs: number): void {
    if (this.currentPhase !== 'live') return;
    this.move('stalled');
    this.stalledSinceMs = monotonicMs();
    this.mediaUntilMs = lastMediaMs;
    this.report.stalled(this.engineId, reason);
  }

  private resume(): void {
    this.move('live');
    this.report.resumed(this.engineId ?? '', Math.round(monotonicMs() - this.mediaUntilMs));
  }

  private fail(cause: unknown): void {
    if (this.isOver) return;
    const error = asAppError(cause, 'The stream failed inside the proxy.');
    if (this.readyMs === null && this.owner.recordingFound(this, error)) {
      // Whoever waits is led to the file next, for which the slot has to be free.
      void this.supervisor.settled().then(() => this.end('recorded'));
      return;
    }
    // Before the end is told: the owner remembers it, and keeps it with what is left of the session.
    this.error = error;
    this.finish('failed', error.code);
    this.report.failed(error, this.lastEngineId, this.infohash, this.supervisor.attempts);
    this.start.reject(error);
    this.dismissViewers('stream_failed');
  }

  private dismissViewers(reason: LeaveReason): void {
    for (const viewer of [...this.audience.viewers]) this.removeViewer(viewer, reason);
  }

  /** Common to all ends. False when the session is over already. */
  private finish(phase: 'ended' | 'failed', reason: string): boolean {
    if (this.isOver) return false;
    this.lastEngineId = this.engineId ?? this.attempts.at(-1)?.engineId ?? null;
    this.move(phase);
    this.endedMs = monotonicMs();
    this.endReason = reason;
    this.watch.close();
    this.observation.close();
    this.audience.close();
    this.fanout.close();
    this.abort.abort();
    this.owner.sessionOver(this);
    return true;
  }

  private move(to: LivePhase): void {
    if (!mayMove(this.currentPhase, to)) {
      throw new Error(`a session can not go from ${this.currentPhase} to ${to}`);
    }
    this.currentPhase = to;
  }
}
