import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ChannelDirectory, playlistText } from '../channels';
import { type AppConfig, CONFIG } from '../config';
import { JobHandler, Jobs } from '../coordination';
import { Semaphore } from '../kernel/semaphore';
import { OwnHosts } from '../outbound';
import { asGuideFault } from './guide-fault';
import type { WantedChannel } from './guide-matching';
import type { FetchResult } from './fetch-guide';
import { type GuideSource, type GuideState, NO_STATE } from './guide-source';
import { GuideSources } from './guide-sources';
import { RenderedGuides } from './rendered-guides';
import { runGuideTask } from './guide-thread';

/** A start has more urgent work. */
const AFTER_START_MS = 5_000;
/** An import changes thousands of channels one after the other, and one refresh is enough for them. */
const AFTER_CHANNELS_MS = 10_000;
/** A source that has failed is asked again after this time, if its interval is longer. */
const AFTER_FAULT_MS = 30 * 60_000;

const CHANNELS_JOB = 'all';

/** Fetches the guides of the sources: on a schedule, on demand, and when the ids of the channels have changed. */
@Injectable()
export class GuideRefresher implements OnApplicationBootstrap {
  private readonly logger = new Logger('Guide');
  /** One guide at a time, because each needs memory and a processor. */
  private readonly turn = new Semaphore(1);
  private readonly due = new Map<string, number>();
  private readonly running = new Set<string>();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'outboundAllow'>,
    private readonly sources: GuideSources,
    private readonly channels: ChannelDirectory,
    private readonly guides: RenderedGuides,
    private readonly jobs: Jobs,
    private readonly ownHosts: OwnHosts,
  ) {
    channels.onChange(() => {
      if (this.sources.hasEnabled) this.checkChannelsLater();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.removeDrafts();
    for (const { id } of this.sources.list()) {
      this.schedule(id, Math.max(AFTER_START_MS, this.remainingMs(id)));
    }
    if (this.sources.hasEnabled) this.checkChannelsLater();
  }

  /** Schedules the next refresh of a new or changed source. */
  sourceChanged(id: string): void {
    const { wanted } = this.sources.stateOf(id);
    this.schedule(id, wanted === '' ? 0 : this.remainingMs(id));
  }

  refreshNow(id: string): void {
    this.schedule(id, 0);
  }

  forget(id: string): void {
    this.jobs.cancel('guide.refresh', id);
    this.due.delete(id);
  }

  isRefreshing(id: string): boolean {
    return this.running.has(id);
  }

  /** When the next refresh begins, in milliseconds since 1970; null for a source that is switched off. */
  nextRefreshAt(id: string): number | null {
    return this.due.get(id) ?? null;
  }

  @JobHandler('guide.channels')
  checkChannels(): void {
    const wanted = keyOf(this.wantedChannels());
    for (const { id, isEnabled } of this.sources.list()) {
      const { fetchedAt, wanted: present } = this.sources.stateOf(id);
      if (isEnabled && fetchedAt !== null && present !== wanted) this.refreshNow(id);
    }
  }

  @JobHandler('guide.refresh')
  async refresh({ sourceId }: { readonly sourceId: string }, signal: AbortSignal): Promise<void> {
    if (!this.isPresent(sourceId) || this.running.has(sourceId)) return;
    this.running.add(sourceId);
    this.due.delete(sourceId);
    try {
      const done = await this.turn.acquire(signal);
      try {
        if (this.isPresent(sourceId)) await this.fetch(sourceId, signal);
      } finally {
        done();
      }
    } finally {
      this.running.delete(sourceId);
    }
  }

  private async fetch(id: string, signal: AbortSignal): Promise<void> {
    const source = this.sources.get(id);
    const before = this.sources.stateOf(id);
    const wanted = this.wantedChannels();
    const key = keyOf(wanted);
    let draft: string | null = null;
    try {
      draft = await this.sources.draftPath(id);
      const task = {
        ...({ kind: 'fetch', url: source.url, wanted, path: draft } as const),
        version: before.wanted === key ? before.version : NO_STATE.version,
        allowed: this.config.outboundAllow,
        ownHosts: this.ownHosts.list(),
      };
      const result = await runGuideTask(task, signal);
      if (this.isCurrent(source)) await this.keep(source, before, key, draft, result);
    } catch (error) {
      if (signal.aborted) return;
      if (this.isCurrent(source)) this.fail(source, before, error);
    } finally {
      if (draft !== null) await unlink(draft).catch(() => undefined);
    }
    if (this.isPresent(id)) this.schedule(id, this.delayAfter(source));
  }

  private async keep(
    source: GuideSource,
    before: GuideState,
    wanted: string,
    draft: string,
    result: FetchResult,
  ): Promise<void> {
    const checkedAt = Date.now();
    if (result === null) {
      this.sources.setState(source.id, { ...before, checkedAt, fault: null });
      return;
    }
    const { channels, programmes, etag, lastModified } = result;
    const isKept = await this.sources.replaceGuide(source, draft, {
      ...{ channels, programmes, wanted, checkedAt, fetchedAt: checkedAt, fault: null },
      version: { etag, lastModified },
    });
    if (!isKept) return;
    this.logger.log(`guide "${source.name}": ${channels} channels, ${programmes} programmes`);
    // Otherwise the first player that asks would wait for it. If it fails, the player gets the error.
    await this.guides.get(this.channels.listVisible(), null).catch(() => undefined);
  }

  private fail({ id, name }: GuideSource, before: GuideState, error: unknown): void {
    const { code, detail } = asGuideFault(error);
    this.logger.warn(`guide "${name}" cannot be fetched (${code}): ${detail}`);
    this.sources.setState(id, { ...before, checkedAt: Date.now(), fault: { code, detail } });
  }

  private delayAfter(source: GuideSource): number {
    const { id } = source;
    if (!this.isCurrent(source)) return 0;
    const { fault, wanted } = this.sources.stateOf(id);
    if (fault !== null) return Math.min(this.intervalMs(id), AFTER_FAULT_MS);
    return wanted === keyOf(this.wantedChannels()) ? this.intervalMs(id) : AFTER_CHANNELS_MS;
  }

  private isPresent(id: string): boolean {
    return this.sources.list().some((source) => source.id === id);
  }

  /** False for a source that was changed or removed since. */
  private isCurrent(source: GuideSource): boolean {
    return this.sources.list().includes(source);
  }

  private schedule(id: string, delayMs: number): void {
    if (!this.sources.get(id).isEnabled) {
      this.forget(id);
      return;
    }
    this.due.set(id, Date.now() + delayMs);
    this.jobs.schedule({ name: 'guide.refresh', id, data: { sourceId: id } }, { delayMs });
  }

  private checkChannelsLater(): void {
    const options = { delayMs: AFTER_CHANNELS_MS };
    this.jobs.schedule({ name: 'guide.channels', id: CHANNELS_JOB, data: {} }, options);
  }

  /** Time until the interval since the last check is over. A wall clock that was put back does not extend it. */
  private remainingMs(id: string): number {
    const { checkedAt } = this.sources.stateOf(id);
    const sinceMs = Math.max(0, Date.now() - (checkedAt ?? 0));
    return Math.max(0, this.intervalMs(id) - sinceMs);
  }

  private intervalMs(id: string): number {
    return this.sources.get(id).refreshIntervalS * 1000;
  }

  private wantedChannels(): WantedChannel[] {
    const names = new Map<string, string[]>();
    for (const { tvgId, name } of this.channels.list()) {
      if (tvgId === null) continue;
      const id = playlistText(tvgId);
      const known = names.get(id);
      if (known === undefined) names.set(id, [name]);
      else known.push(name);
    }
    return [...names].map(([tvgId, of]) => ({ tvgId, names: of }));
  }

  /** Removes the drafts that a killed process has left. */
  private async removeDrafts(): Promise<void> {
    const { folder } = this.sources;
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.endsWith('.tmp')) await unlink(join(folder, name)).catch(() => undefined);
    }
  }
}

/** Changes with the ids of the channels, but not with their names, which change more often and matter less. */
function keyOf(wanted: readonly WantedChannel[]): string {
  const ids = wanted.map(({ tvgId }) => tvgId).sort();
  return createHash('sha256').update(JSON.stringify(ids)).digest('base64url').slice(0, 22);
}
