import { randomBytes } from 'node:crypto';
import type { DomainEventPayloads, RecordedEvent, StreamTotals } from '../events';
import type { HistoryOutcome, StoredStream } from '../storage';

/** A stream that runs now. */
interface RunningStream {
  readonly id: string;
  readonly totals: StreamTotals;
}

/** The streams whose rows are to be written or deleted. */
export interface StreamChanges {
  readonly streams: readonly StoredStream[];
  readonly dropped: readonly Row[];
}

/** Identifies a row. */
type Row = Pick<StoredStream, 'id' | 'startedAtMs'>;

/** Ended streams that wait for the disk. Beyond that, the oldest are lost. */
const MAX_ENDED = 1000;

/** Engines that are listed for one stream. */
const MAX_ENGINES = 20;

/** Viewers of one stream whose time is counted. PROXY_MAX_CLIENTS_PER_STREAM is usually less. */
const MAX_VIEWERS = 10_000;

/** The viewers of these streams continue in another stream, which is recorded itself. */
const CONTINUED = new Set(['joined_other_session', 'recorded']);

class TrackedStream {
  readonly id = randomBytes(8).toString('hex');
  infohash: string | null = null;
  totals: StreamTotals | null = null;
  viewers = 0;
  peakViewers = 0;
  startMs: number | null = null;
  failovers = 0;
  moves = 0;
  readonly engines = new Set<string>();
  /** True if it was not among the running streams when that was last looked at. */
  isMissing = false;
  /** Times at which the present viewers joined, by their ids. */
  private readonly joinedMs = new Map<string, number>();
  private pastViewerMs = 0;
  private pastStallMs = 0;
  private stalledSinceMs: number | null = null;

  constructor(
    readonly streamId: string,
    readonly startedAtMs: number,
  ) {}

  uses(engineId: string | null): void {
    if (engineId !== null && engineId !== '' && this.engines.size < MAX_ENGINES) {
      this.engines.add(engineId);
    }
  }

  joined(viewer: string, nowMs: number): void {
    this.viewers += 1;
    if (this.joinedMs.size < MAX_VIEWERS) this.joinedMs.set(viewer, nowMs);
    this.peakViewers = Math.max(this.peakViewers, this.joinedMs.size);
  }

  left(viewer: string, nowMs: number): void {
    this.pastViewerMs += nowMs - (this.joinedMs.get(viewer) ?? nowMs);
    this.joinedMs.delete(viewer);
  }

  stalled(nowMs: number): void {
    this.stalledSinceMs = nowMs;
  }

  resumed(outageMs: number): void {
    this.stalledSinceMs = null;
    this.pastStallMs += outageMs;
  }

  row(
    nowMs: number,
    seenAtMs: number,
    channelName: string | null,
    outcome: HistoryOutcome,
    reason: string | null,
  ): StoredStream {
    const { totals } = this;
    let viewerMs = this.pastViewerMs;
    for (const joinedMs of this.joinedMs.values()) viewerMs += nowMs - joinedMs;
    const isFile = totals?.kind === 'file';
    return {
      id: this.id,
      startedAtMs: this.startedAtMs,
      seenAtMs: Math.max(this.startedAtMs, seenAtMs),
      streamId: this.streamId,
      kind: isFile ? 'file' : 'live',
      infohash: this.infohash,
      channelId: totals?.channel ?? null,
      channelName,
      outcome,
      reason,
      // A player reads a file with many requests, one after the other.
      viewers: isFile ? Math.min(1, this.viewers) : this.viewers,
      peakViewers: this.peakViewers,
      viewerMs: Math.round(viewerMs),
      bytesIn: totals?.bytes_in ?? 0,
      bytesOut: totals?.bytes_out ?? 0,
      firstByteMs: totals?.first_byte_ms ?? null,
      startMs: this.startMs,
      failovers: this.failovers,
      moves: this.moves,
      stallMs: Math.round(
        this.pastStallMs + (this.stalledSinceMs === null ? 0 : nowMs - this.stalledSinceMs),
      ),
      engines: [...this.engines],
    };
  }
}

/** Follows the events of all streams, and adds up what each of them amounts to. Does no I/O. */
export class StreamTracker {
  /** Running streams by their public ids. */
  private readonly tracked = new Map<string, TrackedStream>();
  private ended = new Map<string, StoredStream>();
  private dropped = new Map<string, Row>();
  private lostStreams = 0;

  constructor(
    private readonly channelName: (channelId: string) => string | null,
    /** Monotonic and wall clock, in ms. */
    private readonly clock: { readonly monotonicMs: () => number; readonly wallMs: () => number },
  ) {}

  /** Streams that were lost because they could not be written. */
  get lost(): number {
    return this.lostStreams;
  }

  /** True if something has changed that is not written. */
  get hasChanges(): boolean {
    return this.tracked.size > 0 || this.hasEnded;
  }

  get hasEnded(): boolean {
    return this.ended.size > 0 || this.dropped.size > 0;
  }

  apply(event: RecordedEvent): void {
    if (is(event, 'stream_requested')) {
      this.begin(event.payload.stream_id, Date.parse(event.time));
    } else if (is(event, 'stream_started')) this.started(event.payload, event.time);
    else if ('stream_id' in event.payload) {
      const stream = this.tracked.get(event.payload.stream_id);
      if (stream !== undefined) this.applyTo(stream, event);
    }
  }

  /** Call before `take`, with all streams that run now. */
  refresh(running: readonly RunningStream[]): void {
    const totals = new Map(running.map((stream) => [stream.id, stream.totals]));
    for (const stream of this.tracked.values()) {
      const present = totals.get(stream.streamId);
      if (present !== undefined) {
        stream.totals = present;
        stream.isMissing = false;
      } else if (stream.isMissing) {
        // Its last event was lost, or there was none, as when a file playback continues a start.
        if (stream.startMs === null) this.drop(stream);
        else this.finish(stream, 'ended', null);
      } else stream.isMissing = true;
    }
  }

  /** Returns what is to be written. */
  take(): StreamChanges {
    const changes = {
      streams: [...this.ended.values(), ...this.rowsOfRunning()],
      dropped: [...this.dropped.values()],
    };
    this.ended = new Map();
    this.dropped = new Map();
    return changes;
  }

  /** Forgets the streams that have ended. */
  clear(): void {
    this.ended.clear();
    this.dropped.clear();
  }

  private started(payload: DomainEventPayloads['stream_started'], time: string): void {
    const { stream_id, start_ms, infohash, engine_id } = payload;
    // The playback of a file may continue a start under another id.
    const stream =
      this.tracked.get(stream_id) ?? this.begin(stream_id, Date.parse(time) - start_ms);
    stream.startMs ??= start_ms;
    stream.infohash = infohash ?? stream.infohash;
    stream.uses(engine_id);
  }

  private begin(streamId: string, startedAtMs: number): TrackedStream {
    const former = this.tracked.get(streamId);
    if (former !== undefined) this.drop(former);
    const stream = new TrackedStream(streamId, Math.round(startedAtMs));
    this.tracked.set(streamId, stream);
    return stream;
  }

  private applyTo(stream: TrackedStream, event: RecordedEvent): void {
    const nowMs = this.clock.monotonicMs();
    if (is(event, 'viewer_joined')) stream.joined(event.payload.client_id, nowMs);
    else if (is(event, 'viewer_left')) stream.left(event.payload.client_id, nowMs);
    else if (is(event, 'stream_stalled')) stream.stalled(nowMs);
    else if (is(event, 'stream_resumed')) stream.resumed(event.payload.outage_ms);
    else if (is(event, 'stream_failed_over')) {
      stream.failovers += 1;
      stream.uses(event.payload.to_engine_id);
    } else if (is(event, 'stream_moved')) {
      stream.moves += 1;
      stream.uses(event.payload.to_engine_id);
    } else if (is(event, 'stream_failed')) {
      stream.uses(event.payload.engine_id);
      stream.totals = event.payload.totals ?? stream.totals;
      this.finish(stream, 'failed', event.payload.code);
    } else if (is(event, 'stream_ended')) {
      stream.uses(event.payload.engine_id);
      stream.totals = event.payload.totals ?? stream.totals;
      this.finish(stream, 'ended', event.payload.reason);
    }
  }

  private finish(stream: TrackedStream, outcome: HistoryOutcome, reason: string | null): void {
    if (stream.totals?.is_for_viewers !== true || CONTINUED.has(reason ?? '')) {
      this.drop(stream);
      return;
    }
    this.tracked.delete(stream.streamId);
    this.ended.set(stream.id, this.rowOf(stream, outcome, reason));
    this.forgetOldest();
  }

  private drop(stream: TrackedStream): void {
    this.tracked.delete(stream.streamId);
    const { id, startedAtMs } = stream;
    if (this.dropped.size < MAX_ENDED) this.dropped.set(id, { id, startedAtMs });
  }

  private forgetOldest(): void {
    for (const id of this.ended.keys()) {
      if (this.ended.size <= MAX_ENDED) return;
      this.ended.delete(id);
      this.lostStreams += 1;
    }
  }

  private rowsOfRunning(): StoredStream[] {
    return [...this.tracked.values()]
      .filter(({ totals }) => totals?.is_for_viewers === true)
      .map((stream) => this.rowOf(stream, 'running', null));
  }

  private rowOf(
    stream: TrackedStream,
    outcome: HistoryOutcome,
    reason: string | null,
  ): StoredStream {
    const channelId = stream.totals?.channel ?? null;
    const name = channelId === null ? null : this.channelName(channelId);
    return stream.row(this.clock.monotonicMs(), this.clock.wallMs(), name, outcome, reason);
  }
}

function is<T extends RecordedEvent['type']>(
  event: RecordedEvent,
  type: T,
): event is RecordedEvent<T> {
  return event.type === type;
}
