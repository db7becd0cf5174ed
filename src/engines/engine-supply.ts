import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { DriverChoice } from './drivers/driver.factory';
import type { DemoChannel, EngineDriver } from './drivers/engine-driver.port';
import { EngineRegistry } from './registry/engine-registry';
import type { ProvisioningBlock } from './fleet/fleet.types';

/** Injection tokens of the driver in use and of the decision for it. */
export const ENGINE_DRIVER = 'ENGINE_DRIVER';
export const DRIVER_CHOICE = 'DRIVER_CHOICE';

/**
 * Runs the driver for as long as the application runs. The driver ends last, with the application's shutdown
 * hook, because until then streams are still being served and stopped on its engines.
 */
@Injectable()
export class EngineSupply implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EngineSupply.name);

  constructor(
    private readonly registry: EngineRegistry,
    @Inject(ENGINE_DRIVER) private readonly driver: EngineDriver,
    /** Which driver runs and why. */
    @Inject(DRIVER_CHOICE) readonly chosen: DriverChoice,
  ) {}

  /** True while the driver may bring a further engine. */
  get canGrow(): boolean {
    return this.driver.canGrow;
  }

  /** True while there is no engine because nobody needs one, and the first who does brings one. */
  get isAsleep(): boolean {
    return this.driver.isAsleep;
  }

  /** Why it cannot bring one now; null when it can, or might. */
  get blocked(): ProvisioningBlock | null {
    return this.driver.blocked;
  }

  /** Calls back when `canGrow` or `blocked` may have become another; returns what ends that. */
  subscribe(listener: () => void): () => void {
    return this.driver.subscribe(listener);
  }

  /** Channels to try without knowing any; none when engines are real, or when they cannot be found out. */
  async demoChannels(): Promise<DemoChannel[]> {
    try {
      return await this.driver.demoChannels();
    } catch (error) {
      this.logger.warn(`the demo channels cannot be listed: ${String(error)}`);
      return [];
    }
  }

  /** The end has begun: engines serve on, and their number and make-up stay as they are. */
  hold(): void {
    this.driver.hold();
  }

  /** One line for the operator: which engines go on when this process ends; null: none that we made. */
  farewell(): Promise<string | null> {
    return this.driver.farewell();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.driver.start(this.registry);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.driver.stop();
  }
}
