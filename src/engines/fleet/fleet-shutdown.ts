import { Logger } from '@nestjs/common';
import type { EngineWorks } from './engine-works';
import type { KeeperParts } from './fleet.keeper';
import type { Orders } from './orders';
import type { PassLoop } from './pass-loop';
import type { SeenEngines } from './seen-engines';
import { toRuntimeError } from './fleet-errors';

/** A supervisor gives us ten seconds, and streams had some of them. */
const REMOVAL_MS = 6000;

const PARALLEL_REMOVALS = 8;

/** The end of the fleet's keeping: nothing new is begun, and engines stay or go as ENGINES_ON_SHUTDOWN says. */
export class FleetShutdown {
  private readonly logger = new Logger('Fleet');

  constructor(
    private readonly parts: KeeperParts,
    private readonly loop: PassLoop,
    private readonly orders: Orders,
    private readonly works: EngineWorks,
    private readonly seen: SeenEngines,
  ) {}

  async run(): Promise<void> {
    const { runtime } = this.parts;
    await this.within(REMOVAL_MS, this.settle());
    await runtime.close();
  }

  private async settle(): Promise<void> {
    const { config, runtime } = this.parts;
    // Orders first: a pass that is waiting for a look must not keep them.
    await Promise.all([this.orders.stop(), this.loop.stop()]);
    await this.works.settled();
    // Engines that cannot outlive us end with the runtime.
    if (runtime.removal !== null && config.enginesOnShutdown === 'remove') await this.removeAll();
  }

  private async removeAll(): Promise<void> {
    const ids = await this.findAll();
    const next = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.remove(id);
    };
    await Promise.all(Array.from({ length: PARALLEL_REMOVALS }, next));
  }

  /** Lists engines once more: the shutdown may come before the first listing, or after an engine was made since the last one. */
  private async findAll(): Promise<string[]> {
    const known = this.seen.list().map(({ seen }) => seen.id);
    try {
      const shown = await this.parts.runtime.list();
      return [...new Set([...known, ...shown.map(({ id }) => id)])];
    } catch (error) {
      const why = toRuntimeError(error).message;
      const { removal } = this.parts.runtime;
      this.logger.warn(`engines may be left, remove them with: ${removal} (${why})`);
      return known;
    }
  }

  private async remove(id: string): Promise<void> {
    try {
      await this.parts.runtime.remove(id);
    } catch (error) {
      this.logger.warn(`engine ${id} was not removed: ${toRuntimeError(error).message}`);
    }
  }

  private async within(ms: number, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.logger.warn(
          `engines were left as they are: shutting down the fleet took more than ${ms / 1000} s`,
        );
        resolve();
      }, ms);
    });
    await Promise.race([work, late]);
    clearTimeout(timer);
  }
}
