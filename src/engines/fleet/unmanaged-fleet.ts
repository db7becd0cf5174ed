import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config';
import { JobHandler } from '../../coordination';
import { AppError } from '../../kernel/errors';
import type { EngineLogs, EngineUsage, ObservedEngine } from '../drivers/engine-runtime.port';
import { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines-config';
import { FleetControl, type ProvisionTicket } from './fleet-control.port';
import { limitsOf } from './fleet-snapshot';
import type { FleetStatus } from './fleet.types';

/** Control of engines that acefleet does not run: it shows their status and refuses every operation. */
@Injectable()
export class UnmanagedFleet extends FleetControl {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly registry: EngineRegistry,
  ) {
    super();
  }

  override status(): FleetStatus {
    const engines = this.registry.list();
    return {
      runtime: null,
      link: null,
      image: null,
      imageRefresh: null,
      rollout: null,
      profile: null,
      wanted: engines.length,
      why: ['ENGINE_ADDRESSES lists the engines'],
      present: engines.length,
      starting: engines.filter(({ state }) => state === 'starting').length,
      waiting: 0,
      limits: limitsOf(this.config),
      breaker: {
        state: 'closed',
        failures: 0,
        threshold: this.config.circuitBreakerFailureThreshold,
        retryInMs: 0,
        lastFailure: null,
      },
      blocked: null,
      decisions: [],
    };
  }

  override provision(): ProvisionTicket {
    throw notManaged();
  }

  /** Every job needs a handler. With this fleet, nothing schedules the job. */
  @JobHandler('fleet.provision')
  createEngine(): never {
    throw notManaged();
  }

  /** As `createEngine`. */
  @JobHandler('engine_image.schedule')
  lookAtClock(): never {
    throw notManaged();
  }

  override refreshImage(): void {
    throw notManaged();
  }

  override replaceAll(): number {
    throw notManaged();
  }

  override scaleTo(): number {
    throw notManaged();
  }

  override remove(): void {
    throw notManaged();
  }

  override restart(): Promise<void> {
    return Promise.reject(notManaged());
  }

  override logs(): Promise<EngineLogs> {
    return Promise.reject(notManaged());
  }

  override usage(): Promise<EngineUsage> {
    return Promise.reject(notManaged());
  }

  override observed(): ObservedEngine {
    throw notManaged();
  }

  override collectGarbage(): Promise<number> {
    return Promise.reject(notManaged());
  }

  override resetBreaker(): void {
    throw notManaged();
  }
}

function notManaged(): AppError {
  return new AppError('not_managed', 'ENGINE_ADDRESSES lists engines that acefleet does not run.');
}
