import type { ObservedEngine } from '../drivers/engine-runtime.port';
import { monotonicMs } from '../../kernel/clock';

/** So many looks in a row that do not show an engine mean that it is gone. */
export const MISSED_LOOKS = 2;

/** One engine as it was last seen, and what was found out by seeing it more than once. */
export interface SeenRecord {
  readonly seen: ObservedEngine;
  /** Monotonic ms: since when we know its present process. */
  readonly incarnationSince: number;
  /** An operator asked for it, and not the fleet. */
  readonly isAskedFor: boolean;
  /** Its process is new: it may take its time before the first answer. */
  readonly isFresh: boolean;
  /** Its present process has been seen with an address. */
  readonly hadAddress: boolean;
  /** Monotonic ms since when looks show it frozen; null when they do not. */
  readonly pausedSince: number | null;
  /** Looks in a row that did not show it. */
  readonly missedLooks: number;
  readonly hasVanished: boolean;
}

/** A look under way: what happens meanwhile is newer than what it will show. */
export interface Look {
  readonly dropped: Set<string>;
  readonly touched: Set<string>;
}

/**
 * What the runtime has shown. A look that failed changes nothing; an engine is believed to be gone after two
 * looks without it, or one word of the runtime itself.
 */
export class SeenEngines {
  private readonly records = new Map<string, SeenRecord>();
  private look: Look | null = null;
  private hasEverLooked = false;

  /** @param youngMs an engine found at the first sight that is younger than this may still be starting */
  constructor(private readonly youngMs: number) {}

  /** False before the first look that succeeded: nothing is known, which is not the same as nothing there. */
  get hasLooked(): boolean {
    return this.hasEverLooked;
  }

  get(id: string): SeenRecord | undefined {
    return this.records.get(id);
  }

  list(): SeenRecord[] {
    return [...this.records.values()];
  }

  hasKey(key: string): boolean {
    return this.list().some(({ seen }) => seen.key === key);
  }

  beginLook(): Look {
    this.look = { dropped: new Set(), touched: new Set() };
    return this.look;
  }

  endLook(look: Look, found: readonly ObservedEngine[]): void {
    this.look = null;
    this.hasEverLooked = true;
    const shown = new Set(found.map(({ id }) => id));
    for (const seen of found) {
      if (!look.dropped.has(seen.id) && !look.touched.has(seen.id)) this.show(seen);
    }
    for (const record of this.list()) {
      const { id } = record.seen;
      if (shown.has(id) || look.touched.has(id)) continue;
      this.records.set(id, { ...record, missedLooks: record.missedLooks + 1 });
    }
  }

  failLook(): void {
    this.look = null;
  }

  /** One that was made just now. */
  add(seen: ObservedEngine, isAskedFor = false): void {
    this.look?.touched.add(seen.id);
    this.look?.dropped.delete(seen.id);
    this.records.set(seen.id, {
      seen,
      incarnationSince: monotonicMs(),
      isAskedFor,
      isFresh: true,
      hadAddress: seen.endpoint !== null,
      pausedSince: null,
      missedLooks: 0,
      hasVanished: false,
    });
  }

  /** The runtime says that it is gone. */
  vanish(id: string): void {
    const record = this.records.get(id);
    if (record === undefined) {
      this.look?.dropped.add(id);
      return;
    }
    this.look?.touched.add(id);
    this.records.set(id, { ...record, hasVanished: true });
  }

  drop(id: string): void {
    this.look?.dropped.add(id);
    this.records.delete(id);
  }

  private show(seen: ObservedEngine): void {
    const known = this.records.get(seen.id);
    const isSame = known?.seen.incarnation === seen.incarnation;
    this.records.set(seen.id, {
      seen,
      incarnationSince: known !== undefined && isSame ? known.incarnationSince : monotonicMs(),
      isAskedFor: known?.isAskedFor ?? false,
      pausedSince: seen.phase === 'paused' ? (known?.pausedSince ?? monotonicMs()) : null,
      isFresh: known === undefined ? this.isYoung(seen) : !isSame || known.isFresh,
      hadAddress: seen.endpoint !== null || (isSame && known.hadAddress),
      missedLooks: 0,
      hasVanished: false,
    });
  }

  /** By the wall clock, because only the runtime knows when an engine that we find was made. */
  private isYoung({ createdAt }: ObservedEngine): boolean {
    return Date.now() - createdAt.getTime() < this.youngMs;
  }
}
