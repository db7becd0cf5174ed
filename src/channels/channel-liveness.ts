import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Channel } from './channel';
import { ChannelDirectory } from './channel-directory';
import { sourceKey, SourceRecords } from './source-records';

/**
 * Which channels are dead: each of their sources failed when it was last started or checked, and has not played since.
 * A source without results counts as alive.
 */
@Injectable()
export class ChannelLiveness implements OnApplicationBootstrap {
  private readonly dead = new Set<string>();
  private changes = 0;
  /** The channels of each source; null until it is needed after a change of a channel. */
  private bySource: Map<string, string[]> | null = null;
  private readonly listeners: ((channelId: string, isDead: boolean) => void)[] = [];

  constructor(
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
  ) {}

  /** The records have been restored by now. */
  onApplicationBootstrap(): void {
    for (const channel of this.channels.list())
      if (this.hasDied(channel)) this.dead.add(channel.id);
    this.changes += 1;
    this.channels.onChange((id) => {
      this.bySource = null;
      this.review(id);
    });
    this.records.onDeath((key) => {
      for (const id of this.channelsOf(key)) this.review(id);
    });
  }

  isDead(channelId: string): boolean {
    return this.dead.has(channelId);
  }

  get deadCount(): number {
    return this.dead.size;
  }

  /** Increases with every change. */
  get revision(): number {
    return this.changes;
  }

  /** Calls `listener` when a channel dies or comes back. */
  onChange(listener: (channelId: string, isDead: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** The channels that list the source with this key. */
  channelsOf(key: string): readonly string[] {
    if (this.bySource === null) {
      this.bySource = new Map();
      for (const { id, sources } of this.channels.list()) {
        for (const source of sources) {
          const ids = this.bySource.get(sourceKey(source)) ?? [];
          this.bySource.set(sourceKey(source), ids);
          ids.push(id);
        }
      }
    }
    return this.bySource.get(key) ?? [];
  }

  private review(id: string): void {
    const channel = this.channels.get(id);
    const isDead = channel !== null && this.hasDied(channel);
    if (isDead === this.dead.has(id)) return;
    if (isDead) this.dead.add(id);
    else this.dead.delete(id);
    this.changes += 1;
    if (channel === null) return;
    for (const listener of this.listeners) listener(id, isDead);
  }

  private hasDied({ sources }: Channel): boolean {
    return sources.every((source) => this.records.isDead(source));
  }
}
