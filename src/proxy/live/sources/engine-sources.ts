import { Inject, Injectable } from '@nestjs/common';
import { AceEngineClient, type EngineSession, type EngineStat } from '../../../ace';
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
import type { Source } from './source.port';

/** Engines as streams use them: acquires sources, and reports to and asks the health of their engines. */
@Injectable()
export class EngineSources {
  constructor(
    @Inject(CONFIG) private readonly config: AppConfig,
    @Inject(AceEngineClient) private readonly ace: PlaybackApi,
    private readonly scheduler: EngineScheduler,
    private readonly registry: EngineRegistry,
    @Inject(EngineHealth) private readonly health: Pick<EngineHealth, 'complain' | 'answersNow'>,
  ) {}

  /** What the scheduler knows of the stream with this public id. */
  holder(streamId: string): SlotHolder {
    return this.scheduler.holder(streamId);
  }

  /** A source on the best engine, not opened yet. @throws as `EngineScheduler.acquire` */
  async acquire(request: SlotRequest): Promise<EngineSource> {
    return new EngineSource(await this.scheduler.acquire(request), this.ace, this.config);
  }

  /** A source whose slot and engine session another stream has opened. */
  resume(lease: SlotLease, engineSession: EngineSession): EngineSource {
    const source = new EngineSource(lease, this.ace, this.config);
    source.replaceSession(engineSession);
    return source;
  }

  has(engineId: string): boolean {
    return this.registry.get(engineId) !== undefined;
  }

  /** False when the engine says that it has lost its network: then it knows nothing about any content. */
  isNetworkConnected(engineId: string): boolean {
    return this.registry.isNetworkConnected(engineId);
  }

  complain(engineId: string, complaint: EngineComplaint): void {
    this.health.complain(engineId, complaint);
  }

  /** Whether the engine answers a probe within `withinMs`. */
  answers(engineId: string, withinMs: number): Promise<boolean> {
    return this.health.answersNow(engineId, withinMs);
  }

  /** @throws EngineFault; the signal's reason */
  stat(
    { engine }: Source,
    session: EngineSession,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<EngineStat> {
    return this.ace.stat(engine.endpoint, session, options);
  }
}
