import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import type { EngineLease } from '../engine.types';
import type { EnginesConfig } from '../engines.config';
import type { Candidate } from './candidate';
import { mayComeFree, outlook, slotsOnTheWay, type Outlook } from './outlook';
import { rank, type Ranking } from './ranking';
import type { SelectionWeights } from './scores';
import { SlowFactCache } from './slow-facts';

/** Who wants a slot, and which engines it does not want. */
export interface SelectionRequest {
  readonly streamId: string;
  readonly excluded: ReadonlySet<string>;
  /** See `AcquireRequest`. */
  readonly isFirstStart?: boolean;
  /** `isWanted` there; asked for as long as the slot is held. */
  readonly whetherWanted?: () => boolean;
}

const NONE_EXCLUDED: ReadonlySet<string> = new Set();

/** Chooses the engine for a stream: filters, then named scores, and can explain itself. */
@Injectable()
export class EngineSelector {
  readonly weights: SelectionWeights;

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly registry: EngineRegistry,
    private readonly facts: SlowFactCache,
  ) {
    this.weights = {
      forwarded: config.selectionWeightForwarded,
      activeStream: config.selectionWeightActiveStream,
      unhealthy: config.selectionWeightUnhealthy,
      suspect: config.selectionWeightSuspect,
    };
  }

  /**
   * Chooses and reserves in one step: between the choice and the reservation nothing else runs, so
   * two requests can never get the same last slot. Null when no engine can be chosen now.
   */
  choose(request: SelectionRequest): EngineLease | null {
    const { chosen } = this.explain(request.excluded);
    const engine = chosen === null ? undefined : this.registry.get(chosen);
    if (engine === undefined) return null;
    const { streamId, isFirstStart, whetherWanted } = request;
    return this.registry.reserve(engine, streamId, isFirstStart, whetherWanted);
  }

  /** The decision that `choose` would take now, with every reason; reserves nothing. */
  explain(excluded: ReadonlySet<string> = NONE_EXCLUDED): Ranking {
    return rank(this.candidates(excluded), this.weights);
  }

  /** What a request for which nothing can be chosen may hope for. */
  outlook(excluded: ReadonlySet<string>, mayGrow: boolean): Outlook {
    return outlook(this.candidates(excluded), mayGrow);
  }

  /** How many slots of full engines that are not excluded are about to be free. */
  slotsOnTheWay(excluded: ReadonlySet<string>): number {
    return slotsOnTheWay(this.candidates(excluded));
  }

  /** Whether a slot of a full engine that is not excluded may come free, because nothing plays in it yet. */
  mayComeFree(excluded: ReadonlySet<string>): boolean {
    return mayComeFree(this.candidates(excluded));
  }

  private candidates(excluded: ReadonlySet<string>): Candidate[] {
    return this.registry.list().map((engine) => this.candidate(engine, excluded));
  }

  private candidate(engine: Engine, excluded: ReadonlySet<string>): Candidate {
    const { vpnHealthy, networkConnected } = this.facts.of(engine);
    return {
      id: engine.id,
      state: engine.state,
      activeStreams: engine.leases.size,
      maxStreams: this.config.maxStreamsPerEngine,
      vacatedStreams: engine.vacatedSlots,
      unprovedStreams: engine.unprovedSlots,
      forwarded: engine.forwarded,
      vpnHealthy,
      networkConnected,
      excluded: excluded.has(engine.id),
      lastReservation: engine.lastReservation,
    };
  }
}
