import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../../config';
import { EngineRuntime } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import { EngineOperations } from './engine-operations';
import { toRuntimeError } from './fleet-errors';
import { ObservedEngines } from './observed-engines';
import { ProvisioningRequests } from './provisioning-requests';
import { ReconcileLoop } from './reconcile-loop';

/** Supervisors such as Docker kill a process 10 s after SIGTERM, and the streams have used some of that time. */
const DEADLINE_MS = 6000;

const PARALLEL_REMOVALS = 8;

/** Shuts the fleet down: begins nothing new, and keeps or removes the engines as ENGINES_ON_SHUTDOWN says. */
@Injectable()
export class FleetShutdown {
  private readonly logger = new Logger('Fleet');

  constructor(
    @Inject(CONFIG) private readonly config: Pick<EnginesConfig, 'enginesOnShutdown'>,
    private readonly runtime: EngineRuntime,
    private readonly loop: ReconcileLoop,
    private readonly observed: ObservedEngines,
    private readonly requests: ProvisioningRequests,
    private readonly operations: EngineOperations,
  ) {}

  async run(): Promise<void> {
    await this.withinDeadline(this.settle());
    await this.runtime.close();
  }

  private async settle(): Promise<void> {
    // Both at once, because a reconciliation that waits for a listing must not delay the end of the requests.
    await Promise.all([this.requests.stop(), this.loop.stop()]);
    await this.operations.settled();
    // Engines that cannot outlive this process end with the runtime.
    const removesEngines = this.config.enginesOnShutdown === 'remove';
    if (this.runtime.removal !== null && removesEngines) await this.removeAll();
  }

  private async removeAll(): Promise<void> {
    const ids = await this.findAll();
    const removeNext = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.remove(id);
    };
    await Promise.all(Array.from({ length: PARALLEL_REMOVALS }, removeNext));
  }

  /**
   * Lists the engines once more, because there may have been no listing yet, or an engine may have been created since
   * the last one.
   */
  private async findAll(): Promise<string[]> {
    const known = this.observed.list().map(({ observed }) => observed.id);
    try {
      const listed = await this.runtime.list();
      return [...new Set([...known, ...listed.map(({ id }) => id)])];
    } catch (error) {
      const why = toRuntimeError(error).message;
      const { removal } = this.runtime;
      this.logger.warn(`engines may still exist, remove them with: ${removal} (${why})`);
      return known;
    }
  }

  private async remove(id: string): Promise<void> {
    try {
      await this.runtime.remove(id);
    } catch (error) {
      this.logger.warn(`engine ${id} was not removed: ${toRuntimeError(error).message}`);
    }
  }

  private async withinDeadline(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.logger.warn(
          `engines were left as they are: shutting down the fleet took more than ${DEADLINE_MS / 1000} s`,
        );
        resolve();
      }, DEADLINE_MS);
    });
    await Promise.race([work, late]);
    clearTimeout(timer);
  }
}
