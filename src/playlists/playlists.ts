import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { GuideSources } from '../guide';
import { type PlaylistFormat, playlistStart, renderEntries } from './m3u-playlist';
import { ChannelDirectory, ChannelLiveness, type ListedChannel } from '../channels';
import { productVersion } from '../config';
import { Turns } from '../kernel/turns';
import { Playlist } from './playlist';
import type { PlaylistQuery } from './playlist-query';
import { channelsOf, profilePath } from './profiles/profile';
import { Profiles } from './profiles/profiles';

/** Holds some playlists of 10,000 channels. The address of the server is part of a playlist, so clients add entries. */
const CACHE_BYTES = 16 * 1024 * 1024;

/** Channels that are rendered in one turn of the event loop, so that viewers do not wait for a long playlist. */
const CHANNELS_PER_TURN = 500;

/** What an entry has beside the texts of its channel: the names of attributes, and the address without its origin. */
const ENTRY_BYTES = 200;

/** Playlists of the visible channels. Each is kept until something in it changes, so most requests need no rendering. */
@Injectable()
export class Playlists {
  private readonly version = productVersion();
  private readonly cache = new LRUCache<string, Playlist>({
    maxSize: CACHE_BYTES,
    // The compressed body is far smaller.
    sizeCalculation: ({ bytes }) => bytes,
  });
  private readonly preparing = new Map<string, Promise<Playlist>>();

  constructor(
    private readonly channels: ChannelDirectory,
    private readonly profiles: Profiles,
    private readonly liveness: ChannelLiveness,
    private readonly guide: GuideSources,
  ) {
    const forget = (): void => {
      this.cache.clear();
      this.preparing.clear();
    };
    channels.onChange(forget);
    profiles.onChange(forget);
    guide.onChange(forget);
  }

  /**
   * @param origin the address of this server, as the client must use it
   * @throws AppError `not_found` for an unknown profile
   */
  async get(origin: string, query: PlaylistQuery): Promise<Playlist> {
    // Playlists of channels that are alive are rendered again when a channel dies or comes back.
    const revision = query.isAliveOnly ? this.liveness.revision : null;
    const key = JSON.stringify([origin, query.format, query.profile, revision, ...query.groups]);
    const known = this.cache.get(key) ?? this.preparing.get(key);
    if (known !== undefined) return known;
    const preparing = this.prepare(origin, query);
    this.preparing.set(key, preparing);
    try {
      const playlist = await preparing;
      // A channel may have changed meanwhile.
      if (this.preparing.get(key) === preparing) this.cache.set(key, playlist);
      return playlist;
    } finally {
      if (this.preparing.get(key) === preparing) this.preparing.delete(key);
    }
  }

  /** The key is made of what the text is made of, because rendering the text takes four times as long. */
  private async prepare(
    origin: string,
    { groups, format, profile: profileName, isAliveOnly }: PlaylistQuery,
  ): Promise<Playlist> {
    const profile = this.profiles.resolve(profileName);
    let channels = channelsOf(profile, this.channels.listVisible());
    if (groups.length > 0) {
      channels = channels.filter(({ group }) => group !== null && groups.includes(group));
    }
    if (isAliveOnly) channels = channels.filter(({ id }) => !this.liveness.isDead(id));
    const guide = this.guide.hasEnabled ? `${origin}${profilePath(profile)}/epg.xml` : null;
    const hash = createHash('sha256');
    let bytes = 0;
    const add = (...values: unknown[]): void => {
      const text = JSON.stringify(values);
      hash.update(text);
      bytes += text.length;
    };
    // Another version may render the same channels in another way.
    add(this.version, origin, format, guide);
    const turns = new Turns();
    for (const turn of turnsOf(channels)) {
      if (turns.isOver) await turns.next();
      add(...turn.flatMap((one) => [one.id, one.number, one.name, one.group, one.logo, one.tvgId]));
      bytes += turn.length * (ENTRY_BYTES + origin.length);
    }
    return new Playlist(hash.digest('base64url').slice(0, 27), bytes, () =>
      render(channels, guide, origin, format),
    );
  }
}

async function* render(
  channels: readonly ListedChannel[],
  guide: string | null,
  origin: string,
  format: PlaylistFormat,
): AsyncGenerator<Buffer, void> {
  let text = playlistStart(guide);
  let hasBegun = false;
  for (const turn of turnsOf(channels)) {
    if (hasBegun) await nextTurn();
    hasBegun = true;
    yield Buffer.from(text + renderEntries(turn, origin, format));
    text = '';
  }
  if (!hasBegun) yield Buffer.from(text);
}

function* turnsOf(channels: readonly ListedChannel[]): Generator<readonly ListedChannel[], void> {
  for (let i = 0; i < channels.length; i += CHANNELS_PER_TURN) {
    yield channels.slice(i, i + CHANNELS_PER_TURN);
  }
}
