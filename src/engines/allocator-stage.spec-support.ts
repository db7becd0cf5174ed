import { Logger } from '@nestjs/common';
import { type EventBus } from '../events';
import { AppError } from '../kernel/errors';
import { EngineRegistry } from './registry/engine-registry';
import type { EngineSupply } from './fleet/engine-supply';
import { EngineAllocator } from './engine.allocator';
import { aDescription, WEIGHTS } from './engine.spec-support';
import type { AcquireRequest, EngineLease } from './engine.types';
import type { EngineState } from './registry/engine.types';
import type { EnginesConfig } from './engines.config';
import type { ProvisioningBlock } from './drivers/engine-driver.port';
import type { EngineHealth } from './health/engine-health';
import { EngineSelector } from './selection/engine.selector';
import { ProbedFacts, SlowFactCache } from './selection/slow-facts';
import { WaitingRequests } from './waiting-requests';

/** ENGINE_WAIT_TIMEOUT of the stage. */
export const WAIT_MS = 60_000;

/** An allocator over engines of one slot each, and a clock that stands still. */
export class AllocatorStage {
  readonly supply: { canGrow: boolean; blocked: ProvisioningBlock | null } = {
    canGrow: false,
    blocked: null,
  };
  readonly complain = jest.fn();
  readonly waiting = new WaitingRequests();
  readonly registry = new EngineRegistry({ publish: () => undefined } as unknown as EventBus);
  readonly allocator: EngineAllocator;
  private onSupply: () => void = () => undefined;

  constructor() {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    const config = {
      maxStreamsPerEngine: 1,
      engineWaitTimeoutMs: WAIT_MS,
      ...WEIGHTS,
    } as EnginesConfig;
    const subscribe = (listener: () => void) => {
      this.onSupply = listener;
      return () => undefined;
    };
    this.allocator = new EngineAllocator(
      config,
      new EngineSelector(config, this.registry, new SlowFactCache(new ProbedFacts())),
      this.registry,
      Object.assign(this.supply, { subscribe }) as unknown as EngineSupply,
      { complain: this.complain } as unknown as EngineHealth,
      this.waiting,
    );
  }

  /** Nothing waits any more. */
  close(): void {
    this.allocator.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  }

  readonly add = (id: string, ...states: EngineState[]): void => {
    this.registry.announce(aDescription(id));
    for (const state of states) this.move(id, state);
  };

  readonly move = (id: string, state: EngineState): void => {
    const engine = this.registry.get(id);
    if (engine === undefined) throw new Error(`there is no engine ${id}`);
    this.registry.transition(engine, state, 'test');
  };

  readonly supplyChanged = (): void => this.onSupply();

  readonly acquire = (
    streamId: string,
    excluded: readonly string[] = [],
    over: Partial<AcquireRequest> = {},
  ): Promise<EngineLease> => {
    const { signal } = new AbortController();
    return this.allocator.acquire({ streamId, excluded: new Set(excluded), signal, ...over });
  };
}

/** The code of the error, once it is there; never waits for time to pass. */
export const codeOf = (promise: Promise<EngineLease>): Promise<string> =>
  promise.then(
    (lease) => `lease of ${lease.engine.id}`,
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

export const tick = (): Promise<void> => jest.advanceTimersByTimeAsync(0);
