import { Controller, Delete, Get, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ApiProblems, type FastifyReply, type FastifyRequest } from '../../http';
import { AppError } from '../../kernel/errors';
import { parseDurationMs } from '../../kernel/units';
import type { StoredStream, StreamCursor, StreamFilter } from '../../storage';
import {
  ChannelHistoryQueryDto,
  SeriesQueryDto,
  StreamHistoryQueryDto,
} from '../dto/history-query.dto';
import {
  ChannelHistoryDto,
  type ChannelHistoryEntryDto,
  HistoryDeletedDto,
  type PastStreamDto,
  SeriesDto,
  type SeriesPointDto,
  StreamHistoryDto,
} from '../dto/history.dto';
import { HistoryRecorder } from '../history-recorder';
import { METRICS } from '../metric';
import { withGaps } from '../series';
import { SeriesReader } from '../series-reader';
import { ApiJsonOrCsv, sendCsv, wantsCsv } from './csv-answer';
import {
  isoOf,
  toChannelHistoryEntryDto,
  toPastStreamDto,
  toSeriesPointDto,
} from './history-mapping';

/** Length of an answer without `limit`. */
const DEFAULT_LIMIT = 100;
/** Rows that are read at once for a file. */
const PAGE = 500;

const STREAM_COLUMNS: readonly (keyof PastStreamDto)[] = [
  'started_at',
  'ended_at',
  'stream_id',
  'kind',
  'infohash',
  'channel',
  'channel_name',
  'outcome',
  'reason',
  'duration_s',
  'viewers',
  'peak_viewers',
  'viewer_minutes',
  'bytes_in',
  'bytes_out',
  'first_byte_ms',
  'start_ms',
  'failovers',
  'moves',
  'stall_s',
  'engines',
];

const CHANNEL_COLUMNS: readonly (keyof ChannelHistoryEntryDto)[] = [
  'channel',
  'channel_name',
  'stream_id',
  'starts',
  'failed',
  'failures',
  'viewers',
  'viewer_minutes',
  'peak_viewers',
  'mean_start_ms',
  'failovers',
  'moves',
  'stall_s',
  'bytes_in',
  'bytes_out',
  'last_started_at',
];

const POINT_COLUMNS: readonly (keyof SeriesPointDto)[] = ['at', 'min', 'mean', 'max'];

/** What streams and the whole installation have done. */
@ApiTags('history')
@Controller('api/v1/history')
export class HistoryController {
  constructor(
    private readonly recorder: HistoryRecorder,
    private readonly series: SeriesReader,
  ) {}

  /** List the streams of a period. The newest first; running ones are part of the list. */
  @Get('streams')
  @ApiJsonOrCsv(StreamHistoryDto, 'The streams')
  @ApiProblems('storage_failed')
  async listStreams(
    @Query() query: StreamHistoryQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const filter = filterOf(query);
    const { store } = this.recorder;
    await this.recorder.refresh();
    let after = query.cursor === undefined ? null : readCursor(query.cursor);
    if (wantsCsv(query.format, request)) {
      let left = query.limit ?? Infinity;
      await sendCsv(reply, 'streams', STREAM_COLUMNS, async () => {
        const rows = left === 0 ? [] : await store.listStreams(filter, after, Math.min(left, PAGE));
        left -= rows.length;
        after = rows.at(-1) ?? after;
        return rows.map(toPastStreamDto);
      });
      return;
    }
    const limit = query.limit ?? DEFAULT_LIMIT;
    // One more, to know whether there is a next page.
    const rows = await store.listStreams(filter, after, limit + 1);
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    await reply.send({
      streams: page.map(toPastStreamDto),
      next_cursor: last === undefined ? null : cursorOf(last),
      lost: this.recorder.lost.streams,
    } satisfies StreamHistoryDto);
  }

  /** List the channels of a period with their totals. Contents that were requested without a channel are listed too. */
  @Get('channels')
  @ApiJsonOrCsv(ChannelHistoryDto, 'The channels and contents')
  @ApiProblems('storage_failed')
  async listChannels(
    @Query() query: ChannelHistoryQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const filter = filterOf(query);
    const { store } = this.recorder;
    await this.recorder.refresh();
    if (wantsCsv(query.format, request)) {
      let { offset } = query;
      const end = offset + (query.limit ?? Infinity);
      await sendCsv(reply, 'channels', CHANNEL_COLUMNS, async () => {
        const size = Math.min(end - offset, PAGE);
        const rows = size === 0 ? [] : await store.listSubjects(filter, query.sort, size, offset);
        offset += rows.length;
        return rows.map(toChannelHistoryEntryDto);
      });
      return;
    }
    const { sort, offset, limit = DEFAULT_LIMIT } = query;
    const rows = await store.listSubjects(filter, sort, limit, offset);
    await reply.send({
      channels: rows.map(toChannelHistoryEntryDto),
      lost: this.recorder.lost.streams,
    } satisfies ChannelHistoryDto);
  }

  /** Show a metric over time. An answer has at most 2,000 points; a step without samples has null values. */
  @Get('series')
  @ApiJsonOrCsv(SeriesDto, 'The points')
  @ApiProblems('storage_failed')
  async showSeries(
    @Query() query: SeriesQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { metric, step } = query;
    const { plan, points } = await this.series.read(metric, {
      fromS: secondsOf(query.from),
      toS: secondsOf(query.to),
      stepS: step === undefined ? null : (parseDurationMs(step) ?? 0) / 1000,
    });
    const entries = withGaps(points, plan).map(toSeriesPointDto);
    if (wantsCsv(query.format, request)) {
      const pages = [entries];
      await sendCsv(reply, metric, POINT_COLUMNS, () => Promise.resolve(pages.pop() ?? []));
      return;
    }
    await reply.send({
      metric,
      description: METRICS[metric].description,
      from: isoOf(plan.fromS * 1000),
      to: isoOf(plan.toS * 1000),
      step_s: plan.stepS,
      points: entries,
    } satisfies SeriesDto);
  }

  /** Delete the history. Streams that run now are recorded again when they end. */
  @Delete()
  @NeedsScope('admin')
  @ApiProblems('storage_full', 'storage_failed')
  async clear(): Promise<HistoryDeletedDto> {
    await this.recorder.clear();
    return { message: 'The history was deleted.' };
  }
}

function filterOf(query: StreamHistoryQueryDto | ChannelHistoryQueryDto): StreamFilter {
  const { channel, stream_id: stream, outcome, from, to } = query;
  return {
    fromMs: from === undefined ? 0 : timeOf(from),
    // Streams that started in the future are listed too, because the clock may have been ahead.
    toMs: to === undefined ? Number.MAX_SAFE_INTEGER : timeOf(to),
    ...(channel === undefined ? {} : { channel }),
    ...(stream === undefined ? {} : { stream }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function cursorOf({ startedAtMs, id }: StoredStream): string {
  return `${startedAtMs}-${id}`;
}

function readCursor(cursor: string): StreamCursor {
  const [startedAtMs = '', id = ''] = cursor.split('-');
  return { startedAtMs: Number(startedAtMs), id };
}

function secondsOf(time: string | undefined): number | null {
  return time === undefined ? null : Math.floor(timeOf(time) / 1000);
}

/** @throws AppError `invalid_request` for a form of ISO 8601 that is not a date with a time */
function timeOf(text: string): number {
  const unixMs = Date.parse(text);
  if (!Number.isNaN(unixMs)) return unixMs;
  throw new AppError('invalid_request', 'A time must be given in the form 2026-01-31T20:15:00Z.');
}
