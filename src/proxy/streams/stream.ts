import type { ChannelSource } from '../../channels';
import type { SlotHolder } from '../../engines';
import type { ContentSelector } from '../../kernel/content-selector';
import type { ErrorCode } from '../../kernel/errors';
import type { LeaveReason, Viewer } from '../viewers';
import type { Attempt } from './attempt';
import type { EndReason, StreamState, StreamTimeline } from './stream.types';

/** `live`: a broadcast, which all viewers share. `file`: recorded content, which each viewer reads separately. */
export type StreamKind = 'live' | 'file';

/** One content that is being served, with its viewers. */
export interface Stream {
  /** Public id, unique among the running streams. */
  readonly id: string;
  readonly kind: StreamKind;
  /** 40 lower-case hex digits; null until an engine reports it. */
  readonly infohash: string | null;
  /** All viewers: those that wait for the start and those that receive media. */
  readonly viewers: ReadonlySet<Viewer>;
  readonly isOver: boolean;
  /** The facts by which the scheduler orders and preempts the slots of this stream. */
  readonly holder: SlotHolder;
  /** True while the stream holds a slot of an engine. */
  readonly holdsSlot: boolean;
  /** Monotonic time in ms. */
  readonly createdMs: number;
  readonly endedMs: number | null;
  readonly endReason: EndReason | ErrorCode | null;
  /** Bytes that the kernel has accepted for viewers. */
  readonly bytesOut: number;
  /** Bytes queued on viewers' sockets beyond the history. */
  readonly pinnedBytes: number;
  snapshot(): StreamSnapshot;
  removeViewer(viewer: Viewer, reason: LeaveReason): void;
  /** Ends the stream without an error. Resolves when its engine sessions are stopped and its slots are released. */
  end(reason: EndReason): Promise<void>;
}

/**
 * The state of a stream at one moment, as plain data for the admin API. After its end only the last snapshot is kept.
 */
export interface StreamSnapshot {
  readonly id: string;
  readonly kind: StreamKind;
  readonly selector: ContentSelector;
  readonly infohash: string | null;
  /** The channel that was requested, if any, and below it the channel's source in use. */
  readonly channel: string | null;
  readonly source: ChannelSource | null;
  readonly state: StreamState;
  readonly isLive: boolean | null;
  readonly engine: {
    readonly id: string;
    readonly host: string | null;
    readonly port: number | null;
  } | null;
  readonly playbackSessionId: string | null;
  readonly clientCount: number;
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly endReason: EndReason | ErrorCode | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly idleMs: number;
  readonly durationMs: number;
  readonly attempts: readonly Attempt[];
  readonly timeline: StreamTimeline;
  readonly buffer: {
    readonly seconds: number | null;
    readonly bytes: number;
    readonly keyframes: number;
  };
  readonly bitrateBps: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly pinnedBytes: number;
  readonly continuityErrors: number;
  readonly resyncs: number;
  readonly failovers: number;
}
