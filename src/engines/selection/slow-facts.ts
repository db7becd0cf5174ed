import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import type { Engine } from '../registry/engine';

/** Facts about an engine that may take a while to find out. */
export interface SlowFacts {
  /** Null: not behind a VPN, or nobody watches it. */
  readonly vpnHealthy: boolean | null;
  readonly networkConnected: boolean | null;
}

/** Where slow facts come from. Selection is synchronous, so a source answers from what it knows. */
export abstract class SlowFactSource {
  /** Grows when facts have changed that must not be held for another moment. */
  get revision(): number {
    return 0;
  }

  abstract read(engine: Engine): SlowFacts;
}

/** What the last probe told, where no VPN is watched: none is known to be unhealthy. */
@Injectable()
export class ProbedFacts extends SlowFactSource {
  override read(engine: Engine): SlowFacts {
    return { vpnHealthy: null, networkConnected: engine.networkConnected };
  }
}

const TTL_MS = 2000;

/** Keeps slow facts for 2 s, unless their source says otherwise: a join storm asks for hundreds of choices within one. */
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
