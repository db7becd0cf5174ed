import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { ListedChannel } from '../channel-directory';
import { successShare, type SourceRecord } from '../source-ranking';
import type { ImportedField } from '../channel';
import type {
  ChannelDto,
  EDITABLE_FIELDS,
  SourceCheckDto,
  SourceMediaDto,
} from '../dto/channel.dto';
import type { ImportState } from '../import/listings';
import type { SourceRecords } from '../source-records';

/** A channel in the format of the API; its sources stay in the operator's order. */
export function toChannelDto(
  channel: ListedChannel,
  state: ImportState | null,
  records: SourceRecords,
): ChannelDto {
  const ranked = records.rank(channel.sources);
  const missingSince = state?.missingSinceMs ?? null;
  return {
    id: channel.id,
    name: channel.name,
    number: channel.number,
    group: channel.group,
    logo: channel.logo,
    tvg_id: channel.tvgId,
    is_hidden: channel.isHidden,
    origin: channel.origin,
    imports: [...(state?.imports ?? [])],
    edited: (state?.edited ?? []).map(toFieldName),
    is_missing: missingSince !== null,
    missing_since: missingSince === null ? null : wallClockIso(new Date(missingSince)),
    sources: channel.sources.map((source) => {
      const record = records.of(source);
      return {
        id: source.id,
        kind: source.kind,
        label: source.label,
        rank: ranked.indexOf(source) + 1,
        rank_reason: records.rankReason(source),
        started_at: isoOf(record.startedAtMs),
        start_ms: record.startMs === null ? null : Math.round(record.startMs),
        failed_at: isoOf(record.failedAtMs),
        failure: record.failure,
        stalled_at: isoOf(record.stalledAtMs),
        is_alive: !records.isDead(source),
        success_share: successShare(record),
        results: record.results.length,
        last_check: toCheckDto(record),
        media: toMediaDto(record),
      };
    }),
  };
}

function toCheckDto({ check }: SourceRecord): SourceCheckDto | null {
  if (check === null) return null;
  return { at: isoOf(check.atMs) ?? '', outcome: check.outcome, detail: check.detail };
}

function toMediaDto({ media }: SourceRecord): SourceMediaDto | null {
  if (media === null) return null;
  return {
    video_codec: media.videoCodec,
    audio_codecs: [...media.audioCodecs],
    width: media.width,
    height: media.height,
    bitrate_bps: media.bitrateBps,
    peers: media.peers,
    speed_down_kbps: media.speedDownKBps === null ? null : media.speedDownKBps * 8,
  };
}

/** The name of a field in the API. */
export function toFieldName(field: ImportedField): (typeof EDITABLE_FIELDS)[number] {
  return field === 'tvgId' ? 'tvg_id' : field;
}

function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(Date.now() - (monotonicMs() - atMs)));
}
