import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { EngineSession, FilePart } from '../../ace';
import type { AppConfig } from '../../config';
import type { Jobs } from '../../coordination';
import type { SlotHolder, SlotLease } from '../../engines';
import type { StreamTotals } from '../../events';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { AppError, asAppError, type ErrorCode } from '../../kernel/errors';
import { isoOf, type EngineSources, type StreamReporter } from '../live';
import type { EndReason, Stream, StreamSnapshot, StreamState } from '../streams';
import { isDismissal, type LeaveReason, type Viewer, type WatchedStream } from '../viewers';
import type { FileHead } from './file-head';
import { FileTransfer, type TransferEnd, type TransferEvents } from './file-transfer';
import type { PlaybackFacts } from './pick-playback';
import type { FileContent } from './file-contents';
import { FileSource, type SlotWanted } from './file-source';

/** One request of a viewer for a file or a part of it. */
export interface PlayRequest {
  readonly viewer: Viewer;
  /** The token in the playback address; null if only the IP address and the User-Agent identify the viewer. */
  readonly token: string | null;
  readonly part: FilePart;
  /** Sends the head, and returns the stream to which the body is written; null if the connection is closed. */
  readonly sendHead: (head: FileHead) => Writable | null;
  /** True if the connection is closed. */
  readonly isGone: () => boolean;
}

/** Events of a playback that affect other playbacks and requests. */
export interface PlaybackEvents {
  /** An engine has sent facts about the file. */
  headKnown(content: FileContent, head: FileHead): void;
  /** The viewer has left its playback. */
  viewerGone(viewer: Viewer): void;
  /** The playback has ended. Called once per playback. */
  playbackOver(playback: FilePlayback): void;
}

/**
 * One playback of recorded content: one engine session, which one viewer at a time reads. Its states:
 *
 *   starting ──first head──▶ playing ──viewer leaves──▶ grace ──next request──▶ playing
 *   any ──grace period over, slot preempted, operator, shutdown──▶ ended
 *   any ──no engine can play or continue the file──▶ failed
 *
 * The playback owns its source and the one transfer that reads from it. It ends only through `end` or `fail`, and both
 * release what it owns.
 */
export class FilePlayback implements Stream, PlaybackFacts, WatchedStream, TransferEvents {
  readonly kind = 'file';
  readonly uid = randomUUID();
  readonly createdMs = monotonicMs();
  readonly holder: SlotHolder;
  viewer: Viewer | null = null;
  endedMs: number | null = null;
  endReason: EndReason | ErrorCode | null = null;
  private error: AppError | null = null;
  private readonly requestedAt = wallClockIso();
  private readonly source: FileSource;
  /** Identifies the last viewer: its token, or its IP address and User-Agent. */
  client = '';
  private isAnnounced = false;
  /** True if there has ever been a viewer. */
  private wasWanted = false;
  private readyMs: number | null = null;
  /** Monotonic time of the first byte that a viewer took. */
  private firstByteMs: number | null = null;
  private graceSinceMs: number | null = null;
  /** Monotonic time of the last write to the viewer's connection. */
  private deliveredMs = 0;
  private failovers = 0;
  bytesIn = 0;
  /** Bytes that earlier viewers of this playback have taken. */
  private pastBytes = 0;
  private reading = new AbortController();
  private transfer: Promise<unknown> = Promise.resolve();

  constructor(
    /** Public id, unique among the running streams. */
    readonly id: string,
    readonly content: FileContent,
    private readonly report: StreamReporter,
    private readonly events: PlaybackEvents,
    busyEngines: (playback: FilePlayback) => ReadonlySet<string>,
    sources: EngineSources,
    private readonly config: AppConfig,
    private readonly jobs: Jobs,
  ) {
    this.holder = sources.holder(id);
    this.source = new FileSource(
      content,
      this.holder,
      sources,
      config,
      () => busyEngines(this),
      () => {
        // If there is a viewer, its transfer continues on another engine. Else there is nothing to continue.
        if (this.viewer === null) void this.end('reclaimed');
      },
    );
  }

  get isOver(): boolean {
    return this.endReason !== null;
  }

  /** The engine that plays the file, or is being asked to start it. */
  get engineId(): string | null {
    return this.source.engineId;
  }

  get subject(): object {
    return this.content;
  }

  get hasViewer(): boolean {
    return this.viewer !== null;
  }

  /** See `PlaybackFacts`. */
  get idleSinceMs(): number | null {
    if (this.viewer === null) return this.graceSinceMs;
    return this.viewer.unsentBytes() > 0 ? this.deliveredMs : null;
  }

  get bytesOut(): number {
    const { viewer } = this;
    return this.pastBytes + (viewer === null ? 0 : takenBy(viewer));
  }

  /** Bytes on the viewer's socket that the kernel has not taken yet. */
  get pinnedBytes(): number {
    return this.viewer?.unsentBytes() ?? 0;
  }

  /** A file has no bit rate of its own: its viewer takes it as fast as the player wants. */
  get viewerBps(): number | null {
    if (this.viewer === null) return null;
    const tookMs = Math.max(monotonicMs() - this.viewer.joinedMs, MIN_MEASURED_MS);
    return Math.round((takenBy(this.viewer) * 8000) / tookMs);
  }

  get infohash(): string | null {
    return this.content.infohash;
  }

  get viewers(): ReadonlySet<Viewer> {
    return new Set(this.viewer === null ? [] : [this.viewer]);
  }

  get holdsSlot(): boolean {
    return this.source.lease !== null;
  }

  get state(): StreamState {
    if (this.isOver) return this.error === null ? 'ended' : 'failed';
    if (this.viewer === null) return 'grace';
    return this.readyMs === null ? 'starting' : 'playing';
  }

  snapshot(): StreamSnapshot {
    const { content, source, error, viewer } = this;
    const endMs = this.endedMs ?? monotonicMs();
    const endpoint = source.lease?.engine.endpoint ?? null;
    const { lastEngineId } = source;
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
        lastEngineId === null
          ? null
          : { id: lastEngineId, host: endpoint?.host ?? null, port: endpoint?.port ?? null },
      playbackSessionId: source.engineSession?.playbackSessionId ?? null,
      clientCount: viewer === null ? 0 : 1,
      createdAt: isoOf(this.createdMs),
      startedAt: isoOf(this.readyMs),
      endedAt: isoOf(this.endedMs),
      endReason: this.endReason,
      error: error === null ? null : { code: error.code, detail: error.detail },
      idleMs: this.graceSinceMs === null ? 0 : endMs - this.graceSinceMs,
      durationMs: endMs - this.createdMs,
      attempts: source.attempts,
      timeline: {
        requestedAt: this.requestedAt,
        engineAnsweredAt: isoOf(this.readyMs),
        firstByteAt: isoOf(this.firstByteMs),
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

  totals(): StreamTotals {
    const { firstByteMs } = this;
    return {
      kind: this.kind,
      channel: null,
      is_for_viewers: this.wasWanted,
      first_byte_ms: firstByteMs === null ? null : Math.round(firstByteMs - this.createdMs),
      bytes_in: this.bytesIn,
      bytes_out: this.bytesOut,
    };
  }

  /** Publishes the event `stream_requested`, once. */
  announce(): void {
    if (!this.isAnnounced) this.report.requested();
    this.isAnnounced = true;
  }

  /** Takes over the slot and the engine session from a broadcast start that has found a file. */
  takeOver(lease: SlotLease, engineSession: EngineSession): void {
    this.isAnnounced = true;
    this.source.takeOver(lease, engineSession);
    // Do not set the watch to `unwatched`: the viewer who waited for the broadcast start is assigned next.
    this.beginGrace();
  }

  /**
   * Continues with a newer engine session of the same content, whose start has ended the present one. Returns false if
   * the playback has no engine session.
   */
  adopt(engineSession: EngineSession): boolean {
    if (this.source.lease === null) return false;
    this.source.adopt(engineSession);
    return true;
  }

  /** Assigns a viewer, who stays until `removeViewer`. The playback must have none. */
  assign(viewer: Viewer, client: string): void {
    this.graceSinceMs = null;
    this.jobs.cancel('file.grace', this.uid);
    this.holder.setWatch('watched');
    this.reading = new AbortController();
    this.viewer = viewer;
    this.wasWanted = true;
    this.client = client;
    viewer.stream = this;
    viewer.leaveReason = null;
  }

  /**
   * Answers one request of the viewer. Resolves when the viewer has received everything or is gone.
   *
   * @throws AppError, only before the head is sent. The playback then goes on unless the caller ends it.
   */
  async play(
    { viewer, part, sendHead }: PlayRequest,
    waitFor: SlotWanted['waitFor'],
  ): Promise<void> {
    const { signal } = this.reading;
    // An engine serves only one connection per engine session, so wait until the previous transfer has ended.
    const previous = this.transfer;
    const transfer = new FileTransfer(part, this.source, waitFor, this, this.config, signal);
    const run = async (): Promise<TransferEnd> => {
      await previous.catch(() => undefined);
      signal.throwIfAborted();
      return transfer.run((head) => {
        const sink = sendHead(head);
        if (sink !== null) this.report.viewerJoined(viewer);
        this.deliveredMs = monotonicMs();
        return sink;
      });
    };
    const running = run();
    this.transfer = running;
    let end: TransferEnd;
    try {
      end = await running;
    } catch (error) {
      if (!signal.aborted) throw error;
      this.explainLeave(viewer);
      return;
    }
    // If no engine can send the rest now, a later request could not continue this playback either.
    if (end === 'failed') {
      const detail = `No engine can send the rest of the file. The last failure was: ${transfer.failures.last}.`;
      this.fail(new AppError('engine_failed', detail));
    } else this.removeViewer(viewer, LEAVE_REASONS[end]);
  }

  removeViewer(viewer: Viewer, reason: LeaveReason): void {
    if (this.viewer !== viewer) return;
    this.viewer = null;
    this.pastBytes += takenBy(viewer);
    viewer.leaveReason = reason;
    this.reading.abort(new Error('the viewer has left'));
    if (viewer.isFed) this.report.viewerLeft(viewer, reason);
    if (reason === 'hung_up') viewer.socket?.destroy();
    else if (reason !== 'finished') viewer.socket?.resetAndDestroy();
    viewer.onGone?.(reason);
    if (!this.isOver) {
      // Without an engine session, a later request cannot continue this playback.
      if (this.source.lease === null && reason !== 'replaced') void this.end('no_viewers');
      else {
        this.beginGrace();
        this.holder.setWatch('unwatched');
      }
    }
    this.events.viewerGone(viewer);
  }

  async end(reason: EndReason): Promise<void> {
    if (!this.isOver) {
      this.finish(reason, reason === 'shutdown' ? 'shutdown' : 'stopped');
      if (reason !== 'recorded') this.report.ended(this.source.lastEngineId, reason, this.totals());
    }
    await Promise.allSettled([this.transfer]);
    await this.source.stopped();
  }

  /** Ends the playback with an error. */
  fail(cause: unknown): void {
    if (this.isOver) return;
    this.error = asAppError(cause, 'The playback failed inside the proxy.');
    const { lastEngineId, attempts } = this.source;
    this.announce();
    this.finish(this.error.code, 'stream_failed');
    this.report.failed(this.error, lastEngineId, this.infohash, attempts, this.totals());
  }

  /**
   * Throws the error that answers a request whose viewer was removed before the head was sent. Returns if the client is
   * gone, because it cannot read an answer, and if the viewer was sent away, because its connection is then reset.
   *
   * @throws AppError `conflict`, `shutting_down`, `not_found`
   */
  explainLeave({ leaveReason }: Viewer): void {
    if (leaveReason === 'hung_up') return;
    if (leaveReason !== null && isDismissal(leaveReason)) return;
    if (leaveReason === 'replaced') throw new AppError('conflict', REPLACED);
    const code = leaveReason === 'shutdown' ? 'shutting_down' : 'not_found';
    throw new AppError(code, 'The playback was stopped before it started.');
  }

  headKnown(head: FileHead): void {
    this.events.headKnown(this.content, head);
    if (this.readyMs !== null) return;
    this.readyMs = monotonicMs();
    const startMs = Math.round(this.readyMs - this.createdMs);
    this.announce();
    this.report.started(this.source.lastEngineId ?? '', this.content.infohash, startMs);
  }

  delivered(bytes: number): void {
    this.firstByteMs ??= monotonicMs();
    this.bytesIn += bytes;
    this.deliveredMs = monotonicMs();
    if (this.viewer === null) return;
    if (this.viewer.queuedBytes === 0) this.report.firstByte(this.viewer, 'file');
    this.viewer.queuedBytes += bytes;
  }

  continued(): void {
    this.failovers += 1;
  }

  private finish(reason: EndReason | ErrorCode, viewerReason: LeaveReason): void {
    this.endReason = reason;
    this.endedMs = monotonicMs();
    this.jobs.cancel('file.grace', this.uid);
    if (this.viewer !== null) this.removeViewer(this.viewer, viewerReason);
    this.source.close();
    this.events.playbackOver(this);
  }

  private beginGrace(): void {
    if (this.source.lease?.isRevoked === true) {
      void this.end('reclaimed');
      return;
    }
    this.graceSinceMs = monotonicMs();
    this.jobs.schedule(
      { name: 'file.grace', id: this.uid, data: { playbackUid: this.uid } },
      { delayMs: this.config.proxyGracePeriodMs },
    );
  }
}

/** A player fills its buffer first, and that burst says little about what it takes later. */
const MIN_MEASURED_MS = 10_000;

/**
 * Sent without `retryAfterS`: two programs that share one playback address would replace each other again and again.
 */
const REPLACED = 'A newer request with the same playback address replaced this one.';

const LEAVE_REASONS: Readonly<Record<Exclude<TransferEnd, 'failed'>, LeaveReason>> = {
  finished: 'finished',
  paused: 'stalled',
  gone: 'hung_up',
};

/**
 * Returns how many bytes of the body the kernel has taken for this viewer. The head is never counted as queued, but as
 * unsent until the kernel takes it, so the difference may be negative.
 */
function takenBy(viewer: Viewer): number {
  return Math.max(0, viewer.queuedBytes - viewer.unsentBytes());
}
