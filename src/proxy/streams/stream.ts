import type { ChannelSource } from '../../channels';
import type { SlotHolder } from '../../engines';
import type { StreamTotals } from '../../events';
import type { ContentSelector } from '../../kernel/content-selector';
import type { ErrorCode } from '../../kernel/errors';
import type { LeaveReason, Viewer } from '../viewers';
import type { Attempt } from './attempt';
import type { EndReason, StreamState, StreamTimeline } from './stream.types';

/** `live`: a broadcast, which all viewers share. `file`: recorded content, which each viewer reads separately. */
export type StreamKind = 'live' | 'file';

/** One content that is being served, with its viewers. */
export interface Stream {
  /** Public id. No other running stream has it. */
  readonly id: string;
  readonly kind: StreamKind;
  /** 40 lower-case hex digits; null until an engine reports it. */
  readonly infohash: string | null;
  /** All viewers: those that wait for the start and those that receive media. */
  readonly viewers: ReadonlySet<Viewer>;
  /** What the scheduler knows about the viewers of this stream, to decide who gets or keeps a slot. */
  readonly holder: SlotHolder;
  readonly isOver: boolean;
  readonly state: StreamState;
  /** True while the stream holds a slot of an engine. */
  readonly holdsSlot: boolean;
  /** Monotonic times in ms. */
  readonly createdMs: number;
  readonly endedMs: number | null;
  readonly endReason: EndReason | ErrorCode | null;
  /** Bytes received from engines. */
  readonly bytesIn: number;
  /** Bytes for viewers that the kernel has accepted. */
  readonly bytesOut: number;
  /** Bytes queued on viewers' sockets that the kernel has not accepted yet. */
  readonly pinnedBytes: number;
  /** Bits per second that one viewer takes, as measured; null while unknown. */
  readonly viewerBps: number | null;
  snapshot(): StreamSnapshot;
  totals(): StreamTotals;
  removeViewer(viewer: Viewer, reason: LeaveReason): void;
  /** Ends the stream without an error. Resolves when its engine sessions are stopped and its slots are released. */
  end(reason: EndReason): Promise<void>;
}

/**
 * The state of a stream at one moment, as plain data for the API. After the end of the stream only a snapshot is kept.
 */
export interface StreamSnapshot {
  readonly id: string;
  readonly kind: StreamKind;
  readonly selector: ContentSelector;
  readonly infohash: string | null;
  /** Id of the channel that was requested; null if the request named a content. */
  readonly channel: string | null;
  /** The channel's source in use; null without a channel. */
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
