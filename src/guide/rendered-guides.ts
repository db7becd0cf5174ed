import { createHash } from 'node:crypto';
import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type ListedChannel, playlistText } from '../channels';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import { makeFolder } from '../storage';
import { asGuideFault } from './guide-fault';
import type { GuideFile } from './guide-file';
import { GuideSources } from './guide-sources';
import { runGuideTask } from './guide-thread';
import type { GuideChannel } from './render-guide';

/** Of all channels, and of each profile: there can be 100. */
const MAX_KEPT = 101;
/** The key, and the end of a draft's name. */
const FORM = /^epg-([\w-]+)\.xml(?:\.gz)?(\.tmp)?$/;

/** A guide on the disk. */
export interface RenderedGuide {
  /** The same for the same content. */
  readonly key: string;
  readonly path: string;
  readonly gzipPath: string;
}

/**
 * Guides as they are sent. Each is rendered when it is first requested after a change, and kept on the disk, also over a
 * restart.
 */
@Injectable()
export class RenderedGuides implements OnModuleDestroy {
  private readonly rendering = new Map<string, Promise<RenderedGuide>>();
  /** One render at a time, because each needs memory and a processor. */
  private readonly renders = new SerialQueue();
  /** Keys of the guides that were last requested for each profile, and for all channels (null); the last one at the end. */
  private readonly keys = new Map<string | null, string>();
  private readonly closing = new AbortController();

  constructor(private readonly sources: GuideSources) {}

  /**
   * The guide of the channels: those with a tvg-id. It may be removed as soon as the profile has another one.
   *
   * @param profile name of the profile that the channels belong to; null for all channels
   * @throws AppError `storage_full`, `storage_failed`
   */
  async get(channels: readonly ListedChannel[], profile: string | null): Promise<RenderedGuide> {
    const listed = listChannels(channels);
    for (;;) {
      const files = this.sources.files();
      const guide = this.guideOf(keyOf(listed, files));
      this.keys.delete(profile);
      this.keys.set(profile, guide.key);
      try {
        return await this.find(guide, listed, files);
      } catch (error) {
        // The render of a guide fails if one of its sources is replaced meanwhile.
        await this.sources.settled();
        if (keyOf(listed, this.sources.files()) === guide.key) throw error;
      }
    }
  }

  /** Removes the guide of a profile that is removed, unless another one has the same channels. */
  async forget(profile: string): Promise<void> {
    if (this.keys.delete(profile)) await this.renders.run(() => this.removeOld());
  }

  onModuleDestroy(): void {
    this.closing.abort(new Error('the process is ending'));
  }

  private guideOf(key: string): RenderedGuide {
    const path = join(this.sources.folder, `epg-${key}.xml`);
    return { key, path, gzipPath: `${path}.gz` };
  }

  private async find(
    guide: RenderedGuide,
    channels: readonly GuideChannel[],
    files: readonly GuideFile[],
  ): Promise<RenderedGuide> {
    const { key } = guide;
    const known = this.rendering.get(key);
    if (known !== undefined) return known;
    if (await exists(guide)) return guide;
    const rendering =
      this.rendering.get(key) ?? this.renders.run(() => this.render(guide, channels, files));
    this.rendering.set(key, rendering);
    try {
      return await rendering;
    } finally {
      this.rendering.delete(key);
    }
  }

  private async render(
    guide: RenderedGuide,
    channels: readonly GuideChannel[],
    files: readonly GuideFile[],
  ): Promise<RenderedGuide> {
    const { path } = guide;
    const { signal } = this.closing;
    try {
      signal.throwIfAborted();
      await makeFolder(this.sources.folder);
      await this.removeOld();
      const sources = files.map((file) => ({ path: file.path, id: file.id }));
      await runGuideTask({ kind: 'render', channels, sources, path }, signal);
      return guide;
    } catch (error) {
      if (signal.aborted) throw new AppError('shutting_down', 'acefleet is ending.');
      const { code, detail } = asGuideFault(error);
      const isDisk = code === 'storage_full' || code === 'storage_failed';
      throw new AppError(isDisk ? code : 'internal_error', detail, { cause: error });
    }
  }

  /** Removes guides of before a change, and drafts of a thread that has failed. Nothing may be rendered meanwhile. */
  private async removeOld(): Promise<void> {
    for (const profile of [...this.keys.keys()].slice(0, -MAX_KEPT)) this.keys.delete(profile);
    const kept = new Set(this.keys.values());
    for (const name of await readdir(this.sources.folder)) {
      const [, key, draft] = FORM.exec(name) ?? [];
      if (key === undefined || (draft === undefined && kept.has(key))) continue;
      await unlink(join(this.sources.folder, name)).catch(() => undefined);
    }
  }
}

/** Several channels with the same id are one channel of the guide, which has the name of the first one. */
function listChannels(channels: readonly ListedChannel[]): GuideChannel[] {
  const byId = new Map<string, GuideChannel>();
  for (const { tvgId, name, logo } of channels) {
    if (tvgId === null) continue;
    const id = playlistText(tvgId);
    if (!byId.has(id)) byId.set(id, { tvgId: id, name, logo });
  }
  return [...byId.values()];
}

function keyOf(channels: readonly GuideChannel[], sources: readonly GuideFile[]): string {
  const text = JSON.stringify([sources.map(({ id }) => id), channels]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 27);
}

async function exists({ path, gzipPath }: RenderedGuide): Promise<boolean> {
  return Promise.all([access(path), access(gzipPath)]).then(
    () => true,
    () => false,
  );
}
