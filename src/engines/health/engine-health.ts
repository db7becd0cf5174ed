import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { CONFIG } from '../../config';
import { Settleable } from '../../kernel/settleable';
import type { Engine, ProbeFacts } from '../registry/engine';
import { EngineRegistry, type RegistryChange } from '../registry/engine-registry';
import { stateAfterProbe } from '../registry/engine-state';
import type { EngineComplaint } from '../registry/engine.types';
import type { EnginesConfig } from '../engines.config';
import { EngineWatch } from './engine-watch';
import { pauseMs } from './probe-policy';

interface Watched {
  readonly watch: EngineWatch;
  /** Probes missed in a row. */
  misses: number;
  /** Probes answered in a row. */
  answers: number;
}

type ProbeResult =
  | { readonly facts: ProbeFacts; readonly miss: null }
  | { readonly facts: null; readonly miss: string };

/**
 * Knows which engines work. Health is a whole answer of the engine's API within the deadline, never an open
 * port: a hung engine still accepts connections. A refused connection is a miss as well. What streams live through on an engine is a hint that brings the next probe forward.
 */
@Injectable()
export class EngineHealth implements OnModuleInit, OnModuleDestroy {
  private readonly watched = new Map<Engine, Watched>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly registry: EngineRegistry,
    private readonly ace: AceEngineClient,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.registry.subscribe((change) => this.follow(change));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    for (const engine of [...this.watched.keys()]) this.unwatch(engine);
  }

  /** A stream's bad experience: the engine is doubted until a probe, soon, tells. */
  complain(engineId: string, complaint: EngineComplaint): void {
    const engine = this.registry.get(engineId);
    const watched = engine && this.watched.get(engine);
    if (engine === undefined || watched === undefined) return;
    if (engine.state === 'healthy') {
      this.registry.transition(engine, 'suspect', `a stream reports ${complaint}`);
    }
    watched.watch.hurry();
  }

  /**
   * Whether the engine answers a probe within `withinMs` from now. For those whose media have stopped: an engine that is
   * frozen, or cut off, answers nothing.
   */
  async answersNow(engineId: string, withinMs: number): Promise<boolean> {
    const engine = this.registry.get(engineId);
    const watched = engine && this.watched.get(engine);
    if (watched === undefined) return false;
    const late = new Settleable<'late'>();
    const timer = setTimeout(() => late.resolve('late'), withinMs);
    const first = await Promise.race([watched.watch.probed(), late.promise]);
    clearTimeout(timer);
    return first !== 'late' && watched.answers > 0 && !watched.watch.stopped;
  }

  private follow(change: RegistryChange): void {
    switch (change.kind) {
      case 'announced':
        this.watch(change.engine);
        return;
      case 'lost':
      case 'removed':
        this.unwatch(change.engine);
        return;
      case 'moved':
        // Back from draining: nobody waits a whole interval to see that it works.
        if (change.engine.state === 'starting') this.watched.get(change.engine)?.watch.hurry();
        return;
      case 'reserved':
      case 'released':
      case 'proved':
        return;
    }
  }

  private watch(engine: Engine): void {
    this.unwatch(engine);
    const watched: Watched = {
      misses: 0,
      answers: 0,
      watch: new EngineWatch({
        probe: () => this.probe(engine, watched),
        pauseMs: () => pauseMs(engine.state, watched.misses, this.config.engineProbeIntervalMs),
      }),
    };
    this.watched.set(engine, watched);
    watched.watch.start();
  }

  private unwatch(engine: Engine): void {
    this.watched.get(engine)?.watch.stop();
    this.watched.delete(engine);
  }

  private async probe(engine: Engine, watched: Watched): Promise<void> {
    const result = await this.ask(engine);
    // The address that was asked may be void by now, and somebody else's.
    if (watched.watch.stopped) return;
    if (result.facts === null) {
      watched.misses += 1;
      watched.answers = 0;
      engine.recordMiss(result.miss);
    } else {
      watched.misses = 0;
      watched.answers += 1;
      engine.recordAnswer(result.facts);
    }
    const next = stateAfterProbe(engine.state, {
      answered: result.facts !== null,
      misses: watched.misses,
      answers: watched.answers,
      unhealthyAfter: this.config.engineUnhealthyAfter,
      mayStillStart: engine.mayStillStart,
    });
    const reason = result.miss === null ? 'probe answered' : `probe missed: ${result.miss}`;
    this.registry.transition(engine, next, reason);
  }

  private async ask(engine: Engine): Promise<ProbeResult> {
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
