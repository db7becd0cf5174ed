import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { CONFIG, LiveConfig } from '../../config';
import { Deferred } from '../../kernel/deferred';
import type { Engine, ProbeFacts } from '../registry/engine';
import { EngineRegistry, type RegistryChange } from '../registry/engine-registry';
import { stateAfterProbe } from '../registry/engine-state';
import type { EngineComplaint } from '../registry/engine.types';
import type { EnginesConfig } from '../engines-config';
import { ProbeLoop } from './probe-loop';
import { pauseMs } from './probe-policy';

interface Probing {
  readonly loop: ProbeLoop;
  /** Probes missed in a row. */
  misses: number;
  /** Probes answered in a row. */
  answers: number;
}

type ProbeResult =
  | { readonly facts: ProbeFacts; readonly miss: null }
  | { readonly facts: null; readonly miss: string };

/**
 * Probes every engine and changes its state accordingly. A probe counts as answered only if the engine's API gives
 * a complete answer within the deadline. An open port is not enough, because a hung engine still accepts connections.
 */
@Injectable()
export class EngineHealth implements OnModuleInit, OnModuleDestroy {
  private readonly probing = new Map<Engine, Probing>();
  private subscriptions: readonly (() => void)[] = [];

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly registry: EngineRegistry,
    private readonly ace: AceEngineClient,
    private readonly settings: LiveConfig,
  ) {}

  onModuleInit(): void {
    this.subscriptions = [
      this.registry.subscribe((change) => this.follow(change)),
      this.settings.onChange(['engineProbeIntervalMs'], () => {
        for (const { loop } of this.probing.values()) loop.pauseChanged();
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
    for (const engine of [...this.probing.keys()]) this.stopProbing(engine);
  }

  /**
   * Records a stream's complaint about its engine: a healthy engine becomes `suspect`, and its next probe is brought
   * forward.
   */
  complain(engineId: string, complaint: EngineComplaint): void {
    const engine = this.registry.get(engineId);
    const probing = engine && this.probing.get(engine);
    if (engine === undefined || probing === undefined) return;
    if (engine.state === 'healthy') {
      this.registry.transition(engine, 'suspect', `a stream reports ${complaint}`);
    }
    probing.loop.hurry();
  }

  /**
   * Returns true if the engine answers a current probe (see `ProbeLoop.probed`) that ends within `withinMs`. Used
   * when the media of a stream have stopped: a paused engine, or one without a network, does not answer.
   */
  async answersNow(engineId: string, withinMs: number): Promise<boolean> {
    const engine = this.registry.get(engineId);
    const probing = engine && this.probing.get(engine);
    if (probing === undefined) return false;
    const late = new Deferred<'late'>();
    const timer = setTimeout(() => late.resolve('late'), withinMs);
    const first = await Promise.race([probing.loop.probed(), late.promise]);
    clearTimeout(timer);
    return first !== 'late' && probing.answers > 0 && !probing.loop.stopped;
  }

  private follow(change: RegistryChange): void {
    switch (change.kind) {
      case 'announced':
        this.startProbing(change.engine);
        return;
      case 'lost':
      case 'removed':
        this.stopProbing(change.engine);
        return;
      case 'moved':
        // For example after a drain: the engine is probed soon, so that no viewer waits a whole interval for it.
        if (change.engine.state === 'starting') this.probing.get(change.engine)?.loop.hurry();
        return;
      case 'occupied':
      case 'vacated':
        return;
    }
  }

  private startProbing(engine: Engine): void {
    this.stopProbing(engine);
    const probing: Probing = {
      misses: 0,
      answers: 0,
      loop: new ProbeLoop({
        probe: () => this.probe(engine, probing),
        pauseMs: () => pauseMs(engine.state, probing.misses, this.config.engineProbeIntervalMs),
      }),
    };
    this.probing.set(engine, probing);
    probing.loop.start();
  }

  private stopProbing(engine: Engine): void {
    this.probing.get(engine)?.loop.stop();
    this.probing.delete(engine);
  }

  private async probe(engine: Engine, probing: Probing): Promise<void> {
    const result = await this.sendProbe(engine);
    // The address may belong to another process by now, so the result is ignored.
    if (probing.loop.stopped) return;
    if (result.facts === null) {
      probing.misses += 1;
      probing.answers = 0;
      engine.recordMiss(result.miss);
    } else {
      probing.misses = 0;
      probing.answers += 1;
      engine.recordAnswer(result.facts);
    }
    const next = stateAfterProbe(engine.state, {
      answered: result.facts !== null,
      misses: probing.misses,
      answers: probing.answers,
      unhealthyAfter: this.config.engineUnhealthyAfter,
      mayStillStart: engine.mayStillStart,
    });
    const reason = result.miss === null ? 'probe answered' : `probe missed: ${result.miss}`;
    this.registry.transition(engine, next, reason);
  }

  private async sendProbe(engine: Engine): Promise<ProbeResult> {
    try {
      const timeoutMs = this.config.engineProbeTimeoutMs;
      return { facts: await this.ace.probe(engine.endpoint, { timeoutMs }), miss: null };
    } catch (error) {
      return { facts: null, miss: reasonOf(error) };
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof EngineFault) return error.reason;
  return error instanceof Error ? error.message : String(error);
}
