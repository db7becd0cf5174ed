import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DRIVER_CHOICE, type DriverChoice } from '../drivers/driver-choice';
import {
  type DemoChannel,
  EngineDriver,
  type ProvisioningBlock,
} from '../drivers/engine-driver.port';
import { EngineRegistry } from '../registry/engine-registry';

/**
 * Runs the driver for as long as the application runs, and passes on what it says. The driver ends last, in the
 * application's shutdown hook, because until then streams still use its engines.
 */
@Injectable()
export class EngineSupply implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EngineSupply.name);

  constructor(
    private readonly registry: EngineRegistry,
    private readonly driver: EngineDriver,
    /** Which driver runs and why. */
    @Inject(DRIVER_CHOICE) readonly chosen: DriverChoice,
  ) {}

  /** True while a further engine may become available. */
  get canGrow(): boolean {
    return this.driver.canGrow;
  }

  /** True while there is no engine because none is needed. The first viewer then causes one to be created. */
  get isAsleep(): boolean {
    return this.driver.isAsleep;
  }

  /** Why no further engine can be created now; null when one can, or may soon. */
  get blocked(): ProvisioningBlock | null {
    return this.driver.blocked;
  }

  /** Calls back when `canGrow` or `blocked` may have changed; returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    return this.driver.subscribe(listener);
  }

  /** The demo channels of the simulator; none if the engines are real, or if the channels cannot be listed. */
  async demoChannels(): Promise<DemoChannel[]> {
    try {
      return await this.driver.demoChannels();
    } catch (error) {
      this.logger.warn(`the demo channels cannot be listed: ${String(error)}`);
      return [];
    }
  }

  /**
   * Call when the shutdown begins: engines keep serving, and the driver no longer creates, replaces or removes any on
   * its own.
   */
  hold(): void {
    this.driver.hold();
  }

  /**
   * Returns one line for the operator about the engines that keep running when this process ends; null if there is
   * none.
   */
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
