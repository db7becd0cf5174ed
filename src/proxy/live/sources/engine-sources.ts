import { Inject, Injectable } from '@nestjs/common';
import { AceEngineClient, type EngineSession } from '../../../ace';
import { CONFIG, type AppConfig } from '../../../config';
import {
  EngineHealth,
  EngineRegistry,
  EngineScheduler,
  type EngineComplaint,
  type SlotHolder,
  type SlotLease,
  type SlotRequest,
} from '../../../engines';
import { EngineSource, type PlaybackApi } from './engine-source';

/** The access of streams to engines: acquires sources, passes complaints on, and probes engines. */
@Injectable()
export class EngineSources {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    @Inject(AceEngineClient) private readonly ace: PlaybackApi,
    private readonly scheduler: EngineScheduler,
    private readonly registry: EngineRegistry,
    @Inject(EngineHealth) private readonly health: Pick<EngineHealth, 'complain' | 'answersNow'>,
  ) {}

  /** Registers a stream with the scheduler. The stream keeps the facts about its viewers in the returned object. */
  holder(streamId: string): SlotHolder {
    return this.scheduler.holder(streamId);
  }

  /** Acquires a source on the best engine, without opening it. @throws as `EngineScheduler.acquire` */
  async acquire(request: SlotRequest): Promise<EngineSource> {
    return new EngineSource(await this.scheduler.acquire(request), this.ace, this.config);
  }

  /** Creates a source from a slot and an engine session that another stream has handed over. */
  resume(lease: SlotLease, engineSession: EngineSession): EngineSource {
    const source = new EngineSource(lease, this.ace, this.config);
    source.replaceSession(engineSession);
    return source;
  }

  /** True if there is an engine with this id. */
  has(engineId: string): boolean {
    return this.registry.get(engineId) !== undefined;
  }

  /** False if the engine reports that it has lost its network. Its 'unknown content' must then not be believed. */
  isNetworkConnected(engineId: string): boolean {
    return this.registry.isNetworkConnected(engineId);
  }

  /** Reports a fault of an engine to `EngineHealth`. */
  complain(engineId: string, complaint: EngineComplaint): void {
    this.health.complain(engineId, complaint);
  }

  /** Resolves with true if the engine answers a probe within `withinMs`. */
  answers(engineId: string, withinMs: number): Promise<boolean> {
    return this.health.answersNow(engineId, withinMs);
  }
}
