import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { ListedChannel } from '../channel-directory';
import type { ChannelDto } from '../dto/channel.dto';
import type { SourceRecords } from '../source-records';

/** A channel in the format of the API; its sources stay in the operator's order. */
export function toChannelDto(channel: ListedChannel, records: SourceRecords): ChannelDto {
  const ranked = records.rank(channel.sources);
  return {
    id: channel.id,
    name: channel.name,
    number: channel.number,
    group: channel.group,
    logo: channel.logo,
    tvg_id: channel.tvgId,
    is_hidden: channel.isHidden,
    origin: channel.origin,
    sources: channel.sources.map((source) => {
      const record = records.of(source);
      return {
        id: source.id,
        kind: source.kind,
        label: source.label,
        rank: ranked.indexOf(source) + 1,
        started_at: isoOf(record.startedAtMs),
        start_ms: record.startMs === null ? null : Math.round(record.startMs),
        failed_at: isoOf(record.failedAtMs),
        failure: record.failure,
        stalled_at: isoOf(record.stalledAtMs),
      };
    }),
  };
}

function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(Date.now() - (monotonicMs() - atMs)));
}
