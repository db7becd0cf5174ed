import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AceEngineClient, EngineFault } from '../../ace';
import { CONFIG } from '../../config';
import { Deferred } from '../../kernel/deferred';
import type { Engine, ProbeFacts } from '../registry/engine';
import { EngineRegistry, type RegistryChange } from '../registry/engine-registry';
import { stateAfterProbe } from '../registry/engine-state';
import type { EngineComplaint } from '../registry/engine.types';
import type { EnginesConfig } from '../engines-config';
import { ProbeLoop } from './probe-loop';
import { pauseMs } from './probe-policy';

interface Watched {
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
 * Probes every engine and moves its state. A probe succeeds with a complete answer of the engine's API within the deadline. An
 * open port is not enough, because a hung engine still accepts connections. A complaint of a stream brings the next
 * probe forward.
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
    for (const engine of [...this.watched.keys()]) this.stopProbing(engine);
  }

  /** A stream reports a fault of the engine: it is `suspect` until the next probe, which is due at once. */
  complain(engineId: string, complaint: EngineComplaint): void {
    const engine = this.registry.get(engineId);
    const watched = engine && this.watched.get(engine);
    if (engine === undefined || watched === undefined) return;
    if (engine.state === 'healthy') {
      this.registry.transition(engine, 'suspect', `a stream reports ${complaint}`);
    }
    watched.loop.hurry();
  }

  /**
   * Whether the engine answers a probe within `withinMs` from now. Used when the media of a stream have stopped: a paused
   * engine, or one without a network, does not answer.
   */
  async answersNow(engineId: string, withinMs: number): Promise<boolean> {
    const engine = this.registry.get(engineId);
    const watched = engine && this.watched.get(engine);
    if (watched === undefined) return false;
    const late = new Deferred<'late'>();
    const timer = setTimeout(() => late.resolve('late'), withinMs);
    const first = await Promise.race([watched.loop.probed(), late.promise]);
    clearTimeout(timer);
    return first !== 'late' && watched.answers > 0 && !watched.loop.stopped;
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
        // After a drain, the engine is probed at once, so that no viewer waits a whole interval for it.
        if (change.engine.state === 'starting') this.watched.get(change.engine)?.loop.hurry();
        return;
      case 'occupied':
      case 'vacated':
        return;
    }
  }

  private startProbing(engine: Engine): void {
    this.stopProbing(engine);
    const watched: Watched = {
      misses: 0,
      answers: 0,
      loop: new ProbeLoop({
        probe: () => this.probe(engine, watched),
        pauseMs: () => pauseMs(engine.state, watched.misses, this.config.engineProbeIntervalMs),
      }),
    };
    this.watched.set(engine, watched);
    watched.loop.start();
  }

  private stopProbing(engine: Engine): void {
    this.watched.get(engine)?.loop.stop();
    this.watched.delete(engine);
  }

  private async probe(engine: Engine, watched: Watched): Promise<void> {
    const result = await this.sendProbe(engine);
    // The address may meanwhile belong to another process.
    if (watched.loop.stopped) return;
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
