import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { EngineSession, FilePart } from '../../ace';
import type { EngineComplaint, SlotHolder, SlotLease } from '../../engines';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { AppError, asAppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import { isoOf, StreamReporter, type SessionServices } from '../live';
import type { Attempt, EndReason, Stream, StreamSnapshot, StreamState } from '../streams';
import type { LeaveReason, Viewer, ViewerHost } from '../viewers';
import { EngineFailures } from './engine-failures';
import { FileTransfer, type TransferEnd, type TransferHost } from './file-transfer';
import type { FileHead } from './file-head';
import type { RecordedContent } from './recorded-contents';
import { RecordedSource } from './recorded-source';
import type { SeatFacts } from './seat-choice';
import { startSource, type SlotWanted } from './source-start';

export interface PlaybackOwner {
  /** Engines that play this content for others. */
  busyFor(playback: RecordedPlayback): ReadonlySet<string>;
  viewerGone(viewer: Viewer): void;
  headKnown(playback: RecordedPlayback, head: FileHead): void;
  /** Nothing may be added to it any more. Called once. */
  playbackOver(playback: RecordedPlayback): void;
}

const MAX_ATTEMPTS_KEPT = 20;

/**
 * One engine session of a recorded content, read by one viewer at a time.
 *
 *   starting ──first head──▶ playing ──reader gone──▶ grace ──reader──▶ playing
 *   any ──grace over, reclaimed, operator, shutdown──▶ ended;  any ──no engine has it──▶ failed
 *
 * Owns the source and the one transfer that reads it; `end` and `fail` are its only ways out and leave neither behind.
 */
export class RecordedPlayback implements Stream, ViewerHost, TransferHost {
  readonly kind = 'file';
  readonly uid = randomUUID();
  readonly createdMs = monotonicMs();
  readonly requestedAt = wallClockIso();
  readonly attempts: Attempt[] = [];
  source: RecordedSource | null = null;
  /** The engine that is this playback's own, also while the start there is under way. */
  engineId: string | null = null;
  lastEngineId: string | null = null;
  viewer: Viewer | null = null;
  /** Whose it is: the viewer who read last. */
  owner = '';
  readyMs: number | null = null;
  firstByteAt: string | null = null;
  idleSinceMs: number | null = null;
  endedMs: number | null = null;
  endReason: string | null = null;
  error: AppError | null = null;
  failovers = 0;
  bytesIn = 0;
  private sinceMs = this.createdMs;
  private pastBytes = 0;
  private reading = new AbortController();
  private transfer: Promise<unknown> = Promise.resolve();
  private freed = new Deferred<undefined>();
  private answered = new Deferred<undefined>();
  private readonly stops = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private readonly report: StreamReporter;
  readonly holder: SlotHolder;

  constructor(
    /** Public id, unique among all streams under way. */
    readonly id: string,
    readonly content: RecordedContent,
    private readonly services: SessionServices,
    private readonly host: PlaybackOwner,
  ) {
    this.holder = services.scheduler.holder(id);
    this.report = new StreamReporter(id, content.selector, services);
  }

  get isOver(): boolean {
    return this.endReason !== null;
  }

  get seat(): SeatFacts {
    const { uid, owner, sinceMs } = this;
    return { uid, owner, sinceMs, isRead: this.viewer !== null };
  }

  /** Resolves as soon as nobody reads, or the playback is over. */
  get whenFree(): Promise<undefined> {
    return this.freed.promise;
  }

  /** Resolves as soon as its reader has been told what the content is, or has gone without. */
  get whenAnswered(): Promise<undefined> {
    return this.answered.promise;
  }

  get bytesOut(): number {
    const { viewer } = this;
    return this.pastBytes + (viewer === null ? 0 : sentTo(viewer));
  }

  /** Bytes on the viewer's socket that the kernel has not taken. */
  get pinnedBytes(): number {
    return this.viewer?.unsentBytes() ?? 0;
  }

  get infohash(): string | null {
    return this.content.infohash;
  }

  get viewers(): ReadonlySet<Viewer> {
    return new Set(this.viewer === null ? [] : [this.viewer]);
  }

  get holdsSlot(): boolean {
    return this.source !== null;
  }

  private get state(): StreamState {
    if (this.isOver) return this.error === null ? 'ended' : 'failed';
    if (this.viewer === null) return 'grace';
    return this.readyMs === null ? 'starting' : 'playing';
  }

  snapshot(): StreamSnapshot {
    const { content, source, error, viewer } = this;
    const endMs = this.endedMs ?? monotonicMs();
    const endpoint = source?.lease.engine.endpoint ?? null;
    return {
      id: this.id,
      kind: this.kind,
      selector: content.selector,
      channel: null,
      source: null,
      infohash: content.infohash,
      state: this.state,
      isLive: content.isLive === -1 ? null : content.isLive === 1,
      engine:
        this.lastEngineId === null
          ? null
          : { id: this.lastEngineId, host: endpoint?.host ?? null, port: endpoint?.port ?? null },
      playbackSessionId: source?.engineSession.playbackSessionId ?? null,
      clientCount: viewer === null ? 0 : 1,
      createdAt: isoOf(this.createdMs),
      startedAt: isoOf(this.readyMs),
      endedAt: isoOf(this.endedMs),
      endReason: this.endReason,
      error: error === null ? null : { code: error.code, detail: error.detail },
      idleMs: this.idleSinceMs === null ? 0 : endMs - this.idleSinceMs,
      durationMs: endMs - this.createdMs,
      attempts: this.attempts,
      timeline: {
        requestedAt: this.requestedAt,
        engineAnsweredAt: isoOf(this.readyMs),
        firstByteAt: this.firstByteAt,
        firstPatAt: null,
        firstKeyframeAt: null,
      },
      buffer: { seconds: null, bytes: 0, keyframes: 0 },
      bitrateBps: null,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      pinnedBytes: this.pinnedBytes,
      continuityErrors: 0,
      resyncs: 0,
      failovers: this.failovers,
    };
  }

  requested(): void {
    this.report.requested();
  }

  /** Goes on with a slot and an engine session that a start as a broadcast has opened. */
  takeOver(lease: SlotLease, engineSession: EngineSession): void {
    this.engineId = lease.engine.id;
    this.note(this.engineId, this.createdMs, 'playing');
    lease.handOver(this.holder);
    this.use(new RecordedSource(lease, engineSession, this.services));
    // Its viewer is just being led here, so the slot stays the slot of a watched stream.
    this.beginGrace();
  }

  /** From here on the playback is this viewer's. It is counted in by the caller, and removed by `removeViewer`. */
  occupy(viewer: Viewer, owner: string): void {
    this.endGrace();
    this.holder.setWatch('watched');
    this.freed = new Deferred();
    this.answered = new Deferred();
    this.reading = new AbortController();
    this.viewer = viewer;
    this.owner = owner;
    this.sinceMs = monotonicMs();
    viewer.host = this;
    viewer.leaveReason = null;
  }

  /**
   * Gets an engine that is free now, without reading yet.
   *
   * @throws AppError as a start does; the signal's reason when the viewer is gone
   */
  async start(): Promise<void> {
    const started = this.acquire(
      new EngineFailures(),
      { class: 'start', waitFor: 'answer' },
      this.reading.signal,
    );
    // Who takes the playback over meanwhile must not ask beside it.
    this.transfer = started;
    await started;
  }

  /**
   * Answers one request of the viewer who occupies it. Resolves when the viewer has everything or is gone.
   *
   * @throws AppError before the head is out; the playback has failed then
   */
  async play(
    viewer: Viewer,
    part: FilePart,
    sendHead: (head: FileHead) => Writable | null,
  ): Promise<void> {
    // Its place may have been given away between its being led here and this.
    if (this.viewer !== viewer) {
      this.leftEarly(viewer);
      return;
    }
    const { signal } = this.reading;
    // The engine serves one reader: the one before has to be gone at the engine, too.
    const before = this.transfer;
    const reading = new FileTransfer(part, this, this.services.config, signal);
    const run = async (): Promise<TransferEnd> => {
      await before.catch(() => undefined);
      signal.throwIfAborted();
      return reading.run((head) => {
        const sink = sendHead(head);
        if (sink !== null) this.report.viewerJoined(viewer);
        return sink;
      });
    };
    const transfer = run();
    this.transfer = transfer;
    let end: TransferEnd;
    try {
      end = await transfer;
    } catch (error) {
      if (signal.aborted) {
        this.leftEarly(viewer);
        return;
      }
      this.fail(error);
      throw error;
    }
    // Nobody has the rest: there is nothing to come back to.
    if (end === 'failed') {
      const detail = `No engine has the rest of it; the last: ${reading.failures.last}.`;
      this.fail(new AppError('engine_failed', detail));
    } else this.removeViewer(viewer, LEAVE_REASONS[end]);
  }

  removeViewer(viewer: Viewer, reason: LeaveReason): void {
    if (this.viewer !== viewer) return;
    this.viewer = null;
    this.pastBytes += sentTo(viewer);
    viewer.leaveReason = reason;
    this.reading.abort(new Error('the viewer is gone'));
    if (viewer.isFed) this.report.viewerLeft(viewer, reason);
    if (reason === 'hung_up') viewer.socket?.destroy();
    else if (reason !== 'finished') viewer.socket?.resetAndDestroy();
    viewer.onGone?.(reason);
    this.host.viewerGone(viewer);
    this.answered.resolve(undefined);
    this.freed.resolve(undefined);
    if (this.isOver) return;
    // Without an engine there is nothing to come back to.
    if (this.source === null && reason !== 'replaced') void this.end('no_viewers');
    else {
      this.beginGrace();
      this.holder.setWatch('unwatched');
    }
  }

  async end(reason: EndReason): Promise<void> {
    if (!this.isOver) {
      this.finish(reason, reason === 'shutdown' ? 'shutdown' : 'stopped');
      this.report.ended(this.lastEngineId, reason);
    }
    await Promise.allSettled([this.transfer]);
    await this.stopped();
  }

  async acquire(
    failures: EngineFailures,
    wanted: SlotWanted,
    signal: AbortSignal,
  ): Promise<RecordedSource> {
    const source = await startSource(
      {
        holder: this.holder,
        selector: this.content.selector,
        busy: () => this.host.busyFor(this),
        claim: (engineId) => {
          if (this.host.busyFor(this).has(engineId)) return false;
          this.engineId = engineId;
          return true;
        },
        unclaim: () => (this.engineId = null),
        failures,
        wanted,
        startBudgetMs: this.services.config.proxyInitTimeoutMs,
        signal: AbortSignal.any([signal, this.closing.signal]),
        tried: (engineId, startedMs, outcome) => this.note(engineId, startedMs, outcome),
      },
      this.services,
    );
    this.use(source);
    if (this.isOver) {
      this.drop();
      throw this.closing.signal.reason as Error;
    }
    return source;
  }

  drop(): void {
    const { source } = this;
    this.engineId = null;
    if (source === null) return;
    this.source = null;
    const stop: Promise<void> = source.close().finally(() => this.stops.delete(stop));
    this.stops.add(stop);
  }

  async stopped(): Promise<void> {
    while (this.stops.size > 0) await Promise.allSettled(this.stops);
  }

  complain(engineId: string, complaint: EngineComplaint): void {
    this.services.engineHealth.complain(engineId, complaint);
  }

  async engineAnswers(withinMs: number): Promise<boolean> {
    const { source } = this;
    return source !== null && this.services.engineHealth.answersNow(source.engineId, withinMs);
  }

  headKnown(head: FileHead): void {
    this.host.headKnown(this, head);
    this.answered.resolve(undefined);
    if (this.readyMs !== null) return;
    this.readyMs = monotonicMs();
    const startMs = Math.round(this.readyMs - this.createdMs);
    this.report.started(this.lastEngineId ?? '', this.content.infohash, startMs);
  }

  delivered(bytes: number): void {
    this.firstByteAt ??= wallClockIso();
    this.bytesIn += bytes;
    if (this.viewer !== null) this.viewer.queuedBytes += bytes;
  }

  wentOn(): void {
    this.failovers += 1;
  }

  /**
   * For whoever still waits for the head when its place is gone.
   *
   * @throws AppError `conflict`, `shutting_down`, `not_found`; what the playback failed with
   */
  private leftEarly({ leaveReason }: Viewer): void {
    if (WITHOUT_ANSWER.has(leaveReason)) return;
    if (leaveReason === 'replaced') throw new AppError('conflict', REPLACED);
    if (this.error !== null) throw this.error;
    const code = leaveReason === 'shutdown' ? 'shutting_down' : 'not_found';
    throw new AppError(code, 'The playback was stopped before it started.');
  }

  private use(source: RecordedSource): void {
    this.source = source;
    this.lastEngineId = source.engineId;
    const leave = (): void => {
      // One that is read goes on elsewhere; its transfer sees to it.
      if (this.source === source && this.viewer === null) void this.end('reclaimed');
    };
    source.revoked.addEventListener('abort', leave, { once: true });
  }

  private note(engineId: string, startedMs: number, outcome: string): void {
    const durationMs = Math.round(monotonicMs() - startedMs);
    this.attempts.push({ engineId, source: null, startedAt: wallClockIso(), durationMs, outcome });
    if (this.attempts.length > MAX_ATTEMPTS_KEPT) this.attempts.shift();
    this.lastEngineId = engineId;
  }

  /** Over for good; a viewer who has no answer yet is told `cause`. */
  fail(cause: unknown): void {
    if (this.isOver) return;
    this.error = asAppError(cause, 'The playback failed inside the proxy.');
    const engineId = this.lastEngineId;
    this.finish(this.error.code, 'stream_failed');
    this.report.failed(this.error, engineId, this.content.infohash, this.attempts);
  }

  private finish(reason: string, viewerReason: LeaveReason): void {
    this.endReason = reason;
    this.endedMs = monotonicMs();
    this.services.jobs.cancel('file.grace', this.uid);
    this.closing.abort(new Error('the playback is over'));
    if (this.viewer !== null) this.removeViewer(this.viewer, viewerReason);
    this.drop();
    this.freed.resolve(undefined);
    this.host.playbackOver(this);
  }

  private beginGrace(): void {
    if (this.source?.revoked.aborted === true) {
      void this.end('reclaimed');
      return;
    }
    this.sinceMs = monotonicMs();
    this.idleSinceMs = this.sinceMs;
    this.services.jobs.schedule(
      { name: 'file.grace', id: this.uid, data: { playbackUid: this.uid } },
      { delayMs: this.services.config.proxyGracePeriodMs },
    );
  }

  private endGrace(): void {
    this.idleSinceMs = null;
    this.services.jobs.cancel('file.grace', this.uid);
  }
}

/** Nobody is to be told. */
const WITHOUT_ANSWER: ReadonlySet<LeaveReason | null> = new Set<LeaveReason>(['hung_up', 'kicked']);

/** No time to come back is given: two programs that count as one player would take the place from each other in turn. */
const REPLACED =
  'A newer request of the same player replaced this one. Requests with the same address and User-Agent count as one ' +
  'player, as do requests of one playback address.';

const LEAVE_REASONS: Readonly<Record<Exclude<TransferEnd, 'failed'>, LeaveReason>> = {
  finished: 'finished',
  paused: 'stalled',
  gone: 'hung_up',
};

/** What the kernel has taken for this viewer; its head is queued on the same socket, and no part of the body. */
function sentTo(viewer: Viewer): number {
  return Math.max(0, viewer.queuedBytes - viewer.unsentBytes());
}
