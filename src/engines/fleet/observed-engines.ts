import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import type { ObservedEngine } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import type { EngineDescription } from '../registry/engine.types';
import { MAX_MISSED_LISTINGS } from './engine-disposition';

/** One engine as it was last observed, and what several listings show together. */
export interface ObservedRecord {
  readonly observed: ObservedEngine;
  /** Monotonic ms when its present process was first observed. */
  readonly incarnationSince: number;
  /** An operator requested it, not the fleet. */
  readonly isRequested: boolean;
  /** True if its process is new, so that its first answer may take some time. */
  readonly isFresh: boolean;
  /** Its present process has been observed with an address. */
  readonly hadAddress: boolean;
  /** Monotonic ms since when listings show it paused; null when they do not. */
  readonly pausedSince: number | null;
  /** Listings in a row that did not contain it. */
  readonly missedListings: number;
  /** The runtime reported that it is gone. */
  readonly hasVanished: boolean;
}

/** A running listing. Engines that change during it are noted, because the changes are newer than its result. */
export interface Listing {
  /** Ids of engines that were removed meanwhile. */
  readonly dropped: Set<string>;
  /** Ids of engines that were added or reported as gone meanwhile. */
  readonly touched: Set<string>;
}

/**
 * The engines as the runtime lists them. Publishes them to the registry. A failed listing changes nothing. An engine
 * counts as gone after two listings without it, or when the runtime reports it.
 */
@Injectable()
export class ObservedEngines {
  private readonly records = new Map<string, ObservedRecord>();
  private listing: Listing | null = null;
  private hasEverListed = false;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<EnginesConfig, 'engineStartTimeoutMs'>,
    private readonly registry: EngineRegistry,
  ) {}

  /** False before the first successful listing: the engines are unknown, which does not mean that there are none. */
  get hasListed(): boolean {
    return this.hasEverListed;
  }

  get(id: string): ObservedRecord | undefined {
    return this.records.get(id);
  }

  list(): ObservedRecord[] {
    return [...this.records.values()];
  }

  hasKey(key: string): boolean {
    return this.list().some(({ observed }) => observed.key === key);
  }

  beginListing(): Listing {
    this.listing = { dropped: new Set(), touched: new Set() };
    return this.listing;
  }

  endListing(listing: Listing, found: readonly ObservedEngine[]): void {
    this.listing = null;
    this.hasEverListed = true;
    const listed = new Set(found.map(({ id }) => id));
    for (const observed of found) {
      const { id } = observed;
      if (!listing.dropped.has(id) && !listing.touched.has(id)) this.record(observed);
    }
    for (const record of this.list()) {
      const { id } = record.observed;
      if (listed.has(id) || listing.touched.has(id)) continue;
      this.records.set(id, { ...record, missedListings: record.missedListings + 1 });
    }
  }

  failListing(): void {
    this.listing = null;
  }

  /** Adds an engine that was created just now. */
  add(observed: ObservedEngine, isRequested = false): void {
    this.listing?.touched.add(observed.id);
    this.listing?.dropped.delete(observed.id);
    this.records.set(observed.id, {
      observed,
      incarnationSince: monotonicMs(),
      isRequested,
      isFresh: true,
      hadAddress: observed.endpoint !== null,
      pausedSince: null,
      missedListings: 0,
      hasVanished: false,
    });
  }

  /** Marks an engine that the runtime reported as gone. */
  vanish(id: string): void {
    const record = this.records.get(id);
    if (record === undefined) {
      this.listing?.dropped.add(id);
      return;
    }
    this.listing?.touched.add(id);
    this.records.set(id, { ...record, hasVanished: true });
  }

  drop(id: string): void {
    this.listing?.dropped.add(id);
    this.records.delete(id);
  }

  /**
   * Announces engines that can be reached, and reports those that no longer can. Engines that are gone are removed here and
   * from the registry.
   *
   * @param isCreating true for the keys of engines that are still being created: the registry does not learn of them yet
   * @returns ids of the engines that are gone
   */
  publish(isCreating: (key: string) => boolean): string[] {
    const gone: string[] = [];
    for (const record of this.list()) {
      const { id, key } = record.observed;
      if (isCreating(key)) continue;
      const reason = whyGone(record);
      if (reason === null) {
        this.publishOne(record);
      } else {
        this.drop(id);
        this.registry.remove(id, reason);
        gone.push(id);
      }
    }
    return gone;
  }

  private publishOne(record: ObservedRecord): void {
    const { observed } = record;
    const { id, incarnation, phase, phaseDetail } = observed;
    const engine = this.registry.get(id);
    const description = phase === 'running' ? describe(observed) : null;
    if (description !== null) {
      if (engine?.incarnation === incarnation && isSame(engine, description)) return;
      this.registry.announce(description, this.startBudgetMs(record), incarnation);
      return;
    }
    if (engine === undefined || engine.incarnation === null) return;
    const isCutOff = phase === 'running' && engine.incarnation === incarnation;
    const reason = isCutOff ? `it has lost its address (${phaseDetail})` : phaseDetail;
    this.registry.lose(id, reason, isCutOff);
  }

  private startBudgetMs({ isFresh, incarnationSince }: ObservedRecord): number {
    const { engineStartTimeoutMs } = this.config;
    return isFresh ? Math.max(engineStartTimeoutMs - (monotonicMs() - incarnationSince), 0) : 0;
  }

  private record(observed: ObservedEngine): void {
    const known = this.records.get(observed.id);
    const isSameProcess = known?.observed.incarnation === observed.incarnation;
    this.records.set(observed.id, {
      observed,
      incarnationSince:
        known !== undefined && isSameProcess ? known.incarnationSince : monotonicMs(),
      isRequested: known?.isRequested ?? false,
      pausedSince: observed.phase === 'paused' ? (known?.pausedSince ?? monotonicMs()) : null,
      isFresh: known === undefined ? this.isYoung(observed) : !isSameProcess || known.isFresh,
      hadAddress: observed.endpoint !== null || (isSameProcess && known.hadAddress),
      missedListings: 0,
      hasVanished: false,
    });
  }

  /** By the wall clock, because only the runtime knows when an engine from before this process was created. */
  private isYoung({ createdAt }: ObservedEngine): boolean {
    return Date.now() - createdAt.getTime() < this.config.engineStartTimeoutMs;
  }
}

function whyGone({ hasVanished, missedListings }: ObservedRecord): string | null {
  if (hasVanished) return 'it was removed';
  return missedListings >= MAX_MISSED_LISTINGS
    ? `it was missing in ${missedListings} listings in a row`
    : null;
}

function describe(observed: ObservedEngine): EngineDescription | null {
  if (observed.endpoint === null) return null;
  return {
    id: observed.id,
    name: observed.name,
    endpoint: observed.endpoint,
    apiPort: observed.apiPort,
    labels: observed.labels,
    forwarded: observed.forwardedPort !== null,
    vpn: observed.vpn?.vpn ?? null,
  };
}

/** True if the registry has the same description. Labels are not compared, because those of an engine never change. */
function isSame(engine: Engine, description: EngineDescription): boolean {
  return (
    engine.endpoint.host === description.endpoint.host &&
    engine.endpoint.port === description.endpoint.port &&
    engine.apiPort === description.apiPort &&
    engine.forwarded === description.forwarded
  );
}
