import type { StoredStream, SubjectTotals } from '../../storage';
import type { ChannelHistoryEntryDto, PastStreamDto, SeriesPointDto } from '../dto/history.dto';
import type { withGaps } from '../series';

export function toPastStreamDto(stream: StoredStream): PastStreamDto {
  return {
    stream_id: stream.streamId,
    kind: stream.kind === 'file' ? 'recorded' : 'live',
    infohash: stream.infohash,
    channel: stream.channelId,
    channel_name: stream.channelName,
    outcome: stream.outcome,
    reason: stream.reason,
    started_at: isoOf(stream.startedAtMs),
    ended_at: stream.outcome === 'running' ? null : isoOf(stream.seenAtMs),
    duration_s: seconds(stream.seenAtMs - stream.startedAtMs),
    viewers: stream.viewers,
    peak_viewers: stream.peakViewers,
    viewer_minutes: minutes(stream.viewerMs),
    bytes_in: stream.bytesIn,
    bytes_out: stream.bytesOut,
    first_byte_ms: stream.firstByteMs,
    start_ms: stream.startMs,
    failovers: stream.failovers,
    moves: stream.moves,
    stall_s: seconds(stream.stallMs),
    engines: stream.engines,
  };
}

export function toChannelHistoryEntryDto(totals: SubjectTotals): ChannelHistoryEntryDto {
  return {
    channel: totals.channelId,
    channel_name: totals.channelName,
    stream_id: totals.streamId,
    starts: totals.streams,
    failed: totals.failed,
    failures: totals.failures,
    viewers: totals.viewers,
    viewer_minutes: minutes(totals.viewerMs),
    peak_viewers: totals.peakViewers,
    mean_start_ms: totals.meanStartMs === null ? null : Math.round(totals.meanStartMs),
    failovers: totals.failovers,
    moves: totals.moves,
    stall_s: seconds(totals.stallMs),
    bytes_in: totals.bytesIn,
    bytes_out: totals.bytesOut,
    last_started_at: isoOf(totals.lastStartedAtMs),
  };
}

export function toSeriesPointDto({
  atS,
  bucket,
}: ReturnType<typeof withGaps>[number]): SeriesPointDto {
  const rounded = (value: number | undefined): number | null =>
    value === undefined ? null : Math.round(value * 1000) / 1000;
  return {
    at: isoOf(atS * 1000),
    min: rounded(bucket?.min),
    mean: rounded(bucket?.mean),
    max: rounded(bucket?.max),
  };
}

export function isoOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function minutes(ms: number): number {
  return Math.round(ms / 600) / 100;
}
