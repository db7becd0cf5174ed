import type { ChannelSource } from '../../channels';
import type { SlotHolder } from '../../engines';
import type { ContentSelector } from '../../kernel/content-selector';
import type { LeaveReason, Viewer } from '../viewers';
import type { Attempt } from './attempt';
import type { EndReason, StreamState, StreamTimeline } from './stream.types';

/** A broadcast, which all its viewers share; or a file, which each viewer reads by itself. */
export type StreamKind = 'live' | 'file';

/** One content that is being served, with its viewers. */
export interface Stream {
  /** Public id, unique among the streams under way. */
  readonly id: string;
  readonly kind: StreamKind;
  /** 40 lower-case hex digits; null while no engine has said it. */
  readonly infohash: string | null;
  /** Viewers that wait or watch. */
  readonly viewers: ReadonlySet<Viewer>;
  readonly isOver: boolean;
  /** Who watches, and since when nobody does. */
  readonly holder: SlotHolder;
  /** The stream has a slot of an engine now. */
  readonly holdsSlot: boolean;
  /** Monotonic ms. */
  readonly createdMs: number;
  readonly endedMs: number | null;
  readonly endReason: string | null;
  /** Bytes that the kernel has accepted for viewers. */
  readonly bytesOut: number;
  /** Bytes queued on viewers' sockets beyond the history. */
  readonly pinnedBytes: number;
  snapshot(): StreamSnapshot;
  removeViewer(viewer: Viewer, reason: LeaveReason): void;
  /** Ends the stream for a reason that is no fault. Resolves when its engine sessions are stopped and its slots are free. */
  end(reason: EndReason): Promise<void>;
}

/** A stream at one moment, as plain data: for the admin API, and all that is kept of a stream that is over. */
export interface StreamSnapshot {
  readonly id: string;
  readonly kind: StreamKind;
  readonly selector: ContentSelector;
  readonly infohash: string | null;
  /** The channel that the stream was requested by, and its source in use. */
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
  readonly endReason: string | null;
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
