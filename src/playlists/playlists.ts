import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { GuideSources } from '../guide';
import { playlistStart, renderEntries } from './m3u-playlist';
import { ChannelDirectory, ChannelLiveness } from '../channels';
import type { PlaylistQuery } from './playlist-query';
import { channelsOf, profilePath } from './profiles/profile';
import { Profiles } from './profiles/profiles';

const compress = promisify(gzip);

/** Holds some playlists of 10,000 channels. The address of the server is part of a playlist, so clients add entries. */
const CACHE_BYTES = 16 * 1024 * 1024;

/** Channels that are rendered in one turn of the event loop, so that viewers do not wait for a long playlist. */
const CHANNELS_PER_TURN = 500;

/** One playlist as it is sent. */
export class Playlist {
  /** Differs between the plain and the compressed body, as a strong entity tag must. */
  readonly etags: { readonly plain: string; readonly gzip: string };
  private compressing: Promise<Buffer> | null = null;

  constructor(readonly body: Buffer) {
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 27);
    this.etags = { plain: `"${hash}"`, gzip: `"${hash}-gzip"` };
  }

  /** The body, compressed once. */
  gzipped(): Promise<Buffer> {
    return (this.compressing ??= compress(this.body));
  }
}

/** Playlists of the visible channels. Each is kept until something in it changes, so most requests need no rendering. */
@Injectable()
export class Playlists {
  private readonly cache = new LRUCache<string, Playlist>({
    maxSize: CACHE_BYTES,
    // The compressed body is far smaller.
    sizeCalculation: ({ body }) => body.length,
  });
  private readonly rendering = new Map<string, Promise<Playlist>>();

  constructor(
    private readonly channels: ChannelDirectory,
    private readonly profiles: Profiles,
    private readonly liveness: ChannelLiveness,
    private readonly guide: GuideSources,
  ) {
    const forget = (): void => {
      this.cache.clear();
      this.rendering.clear();
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
    const known = this.cache.get(key) ?? this.rendering.get(key);
    if (known !== undefined) return known;
    const rendering = this.render(origin, query);
    this.rendering.set(key, rendering);
    try {
      const playlist = await rendering;
      // A channel may have changed meanwhile.
      if (this.rendering.get(key) === rendering) this.cache.set(key, playlist);
      return playlist;
    } finally {
      if (this.rendering.get(key) === rendering) this.rendering.delete(key);
    }
  }

  private async render(
    origin: string,
    { groups, format, profile: profileName, isAliveOnly }: PlaylistQuery,
  ): Promise<Playlist> {
    const profile = this.profiles.resolve(profileName);
    const channels = channelsOf(profile, this.channels.listVisible())
      .filter(({ group }) => groups.length === 0 || (group !== null && groups.includes(group)))
      .filter(({ id }) => !isAliveOnly || !this.liveness.isDead(id));
    const guide = this.guide.hasEnabled ? `${origin}${profilePath(profile)}/epg.xml` : null;
    const parts = [Buffer.from(playlistStart(guide))];
    for (let i = 0; i < channels.length; i += CHANNELS_PER_TURN) {
      const turn = channels.slice(i, i + CHANNELS_PER_TURN);
      parts.push(Buffer.from(renderEntries(turn, origin, format)));
      await nextTurn();
    }
    return new Playlist(Buffer.concat(parts));
  }
}
