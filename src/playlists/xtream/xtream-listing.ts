import type { ListedChannel } from '../../channels';
import type { GuideProgram } from '../../guide';
import type { XtreamListingDto } from '../dto/xtream.dto';
import { xtreamTime } from './xtream-account';

/** A programme as Xtream Codes describes it: texts in base64, times in UTC. */
export function xtreamListing(
  channel: ListedChannel,
  { title, description, startS, stopS }: GuideProgram,
): XtreamListingDto {
  return {
    id: `${channel.number}-${startS}`,
    epg_id: String(channel.number),
    title: Buffer.from(title).toString('base64'),
    lang: '',
    start: xtreamTime(startS * 1000),
    end: xtreamTime(stopS * 1000),
    description: Buffer.from(description).toString('base64'),
    channel_id: channel.tvgId ?? '',
    start_timestamp: String(startS),
    stop_timestamp: String(stopS),
  };
}
