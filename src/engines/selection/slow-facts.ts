import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import type { Engine } from '../registry/engine';

/** Facts about an engine that are costly to determine. */
export interface SlowFacts {
  /** Null: the engine is not behind a VPN, or its VPN is not watched. */
  readonly vpnHealthy: boolean | null;
  readonly networkConnected: boolean | null;
}

/** The source of slow facts. Selection is synchronous, so a source answers from what it has stored. */
export abstract class SlowFactSource {
  /** Increases when facts have changed that must not be cached any longer. */
  get revision(): number {
    return 0;
  }

  abstract read(engine: Engine): SlowFacts;
}

/** The facts of the last probe, for fleets without watched VPNs. */
@Injectable()
export class ProbedFacts extends SlowFactSource {
  override read(engine: Engine): SlowFacts {
    return { vpnHealthy: null, networkConnected: engine.networkConnected };
  }
}

const TTL_MS = 2000;

/**
 * Caches slow facts for 2 s, or until the revision of their source changes, because a join storm requests hundreds of
 * decisions within 2 s.
 */
@Injectable()
export class SlowFactCache {
  private readonly known = new WeakMap<
    Engine,
    { readonly facts: SlowFacts; readonly at: number; readonly revision: number }
  >();

  constructor(private readonly source: SlowFactSource) {}

  of(engine: Engine): SlowFacts {
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
