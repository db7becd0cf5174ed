import { crc32 } from 'node:zlib';
import type { ListedChannel } from '../../channels';
import type { XtreamCategoryDto, XtreamStreamDto } from '../dto/xtream.dto';

/** The category of channels without a group. Many players list no channel without a category. */
const OTHER = { id: 0, name: 'Other' } as const;

/** Some players read ids as signed 32-bit numbers. */
const MAX_ID = 0x7fffffff;

/**
 * The groups of channels as Xtream categories. The id of a category follows from its name, so that favourites survive
 * other groups that come and go.
 */
export class XtreamCategories {
  private readonly ids = new Map<string, number>();
  private hasOther = false;

  constructor(channels: readonly ListedChannel[]) {
    const names = new Set(channels.flatMap(groupsOf));
    this.hasOther = channels.some((channel) => groupsOf(channel).length === 0);
    const taken = new Set<number>([OTHER.id]);
    for (const name of [...names].sort()) {
      let id = crc32(name) & MAX_ID;
      while (taken.has(id)) id = (id + 1) & MAX_ID;
      taken.add(id);
      this.ids.set(name, id);
    }
  }

  list(): XtreamCategoryDto[] {
    const named = Array.from(this.ids, ([name, id]) => category(id, name));
    return this.hasOther ? [...named, category(OTHER.id, OTHER.name)] : named;
  }

  /** At least one. */
  idsOf(channel: ListedChannel): number[] {
    const ids = groupsOf(channel).map((name) => this.ids.get(name) ?? OTHER.id);
    return ids.length === 0 ? [OTHER.id] : ids;
  }
}

/**
 * The channels as Xtream streams; with a `categoryId`, only those of the category. The id of a stream is the number of the
 * channel.
 */
export function xtreamStreams(
  channels: readonly ListedChannel[],
  categories: XtreamCategories,
  categoryId: string | null,
): XtreamStreamDto[] {
  const streams = channels.map((channel) => streamOf(channel, categories.idsOf(channel)));
  if (categoryId === null) return streams;
  return streams.filter(({ category_ids: ids }) => ids.some((id) => String(id) === categoryId));
}

function streamOf(channel: ListedChannel, categoryIds: number[]): XtreamStreamDto {
  return {
    num: channel.number,
    name: channel.name,
    stream_type: 'live',
    stream_id: channel.number,
    stream_icon: channel.logo ?? '',
    epg_channel_id: channel.tvgId,
    added: '0',
    category_id: String(categoryIds[0]),
    category_ids: categoryIds,
    custom_sid: '',
    tv_archive: 0,
    direct_source: '',
    tv_archive_duration: 0,
  };
}

/** A channel may be in several groups, separated by semicolons, as in the playlist for Kodi. */
function groupsOf({ group }: ListedChannel): string[] {
  const names = (group ?? '').split(';').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function category(id: number, name: string): XtreamCategoryDto {
  return { category_id: String(id), category_name: name, parent_id: 0 };
}
