import { createHash } from 'node:crypto';
import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type ListedChannel, playlistText } from '../channels';
import { AppError } from '../kernel/errors';
import { makeFolder } from '../storage';
import { asGuideFault } from './guide-fault';
import { GuideSources } from './guide-sources';
import { runGuideTask } from './guide-thread';
import type { GuideChannel } from './render-guide';

/** Guides of different sets of channels, such as profiles, that are kept. */
const MAX_KEPT = 8;
const FORM = /^epg-([\w-]+)\.xml(?:\.gz)?$/;

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
  /** Keys of kept guides, the last used one at the end. */
  private readonly used = new Set<string>();
  private readonly closing = new AbortController();

  constructor(private readonly sources: GuideSources) {}

  /** The guide of the channels: those with a tvg-id. @throws AppError `storage_full`, `storage_failed` */
  async get(channels: readonly ListedChannel[]): Promise<RenderedGuide> {
    const listed = listChannels(channels);
    const files = this.sources.files();
    const guide = this.guideOf(
      keyOf(
        listed,
        files.map(({ id }) => id),
      ),
    );
    const { key } = guide;
    this.used.delete(key);
    this.used.add(key);
    const known = this.rendering.get(key);
    if (known !== undefined) return known;
    if (await exists(guide.gzipPath)) return guide;
    const rendering =
      this.rendering.get(key) ??
      this.render(
        guide,
        listed,
        files.map(({ path }) => path),
      );
    this.rendering.set(key, rendering);
    try {
      return await rendering;
    } finally {
      this.rendering.delete(key);
    }
  }

  onModuleDestroy(): void {
    this.closing.abort(new Error('the process is ending'));
  }

  private guideOf(key: string): RenderedGuide {
    const path = join(this.sources.folder, `epg-${key}.xml`);
    return { key, path, gzipPath: `${path}.gz` };
  }

  private async render(
    guide: RenderedGuide,
    channels: readonly GuideChannel[],
    sources: readonly string[],
  ): Promise<RenderedGuide> {
    const { path } = guide;
    try {
      await makeFolder(this.sources.folder);
      await this.removeOld();
      await runGuideTask({ kind: 'render', channels, sources, path }, this.closing.signal);
      return guide;
    } catch (error) {
      if (this.closing.signal.aborted) throw new AppError('shutting_down', 'acefleet is ending.');
      const { code, detail } = asGuideFault(error);
      const isDisk = code === 'storage_full' || code === 'storage_failed';
      throw new AppError(isDisk ? code : 'internal_error', detail, { cause: error });
    }
  }

  private async removeOld(): Promise<void> {
    const kept = [...this.used].slice(-MAX_KEPT);
    for (const key of this.used) if (!kept.includes(key)) this.used.delete(key);
    for (const name of await readdir(this.sources.folder)) {
      const key = FORM.exec(name)?.[1];
      if (key === undefined || kept.includes(key)) continue;
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

function keyOf(channels: readonly GuideChannel[], sources: readonly string[]): string {
  const text = JSON.stringify([sources, channels]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 27);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
