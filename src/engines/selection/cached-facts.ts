import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import type { Engine } from '../registry/engine';

/** Facts about an engine that selection reads through a cache. */
export interface CachedFacts {
  /** Null: VPN_CONTAINERS is not set, or nothing is known about the engine's VPN yet. */
  readonly vpnHealthy: boolean | null;
  readonly networkConnected: boolean | null;
}

/** Determines the facts. Selection is synchronous, so they are read from memory. */
export abstract class CachedFactSource {
  /** Increases when the cached facts are no longer valid. */
  get revision(): number {
    return 0;
  }

  abstract read(engine: Engine): CachedFacts;
}

/** The facts of the last probe, for fleets without VPN_CONTAINERS. */
@Injectable()
export class ProbedFacts extends CachedFactSource {
  override read(engine: Engine): CachedFacts {
    return { vpnHealthy: null, networkConnected: engine.networkConnected };
  }
}

const TTL_MS = 2000;

/**
 * Caches the facts of each engine for 2 s, or until the revision of their source changes. When many viewers join at
 * once, hundreds of decisions are made within 2 s.
 */
@Injectable()
export class FactCache {
  private readonly known = new WeakMap<
    Engine,
    { readonly facts: CachedFacts; readonly at: number; readonly revision: number }
  >();

  constructor(private readonly source: CachedFactSource) {}

  of(engine: Engine): CachedFacts {
    const now = monotonicMs();
    const entry = this.known.get(engine);
    const { revision } = this.source;
    const isFresh = entry !== undefined && now - entry.at < TTL_MS && entry.revision === revision;
    if (isFresh) return entry.facts;
    const facts = this.source.read(engine);
    this.known.set(engine, { facts, at: now, revision });
    return facts;
  }
}
