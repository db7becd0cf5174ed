import { Logger } from '@nestjs/common';
import { AppError } from '../../kernel/errors';
import { monotonicMs } from '../../kernel/clock';
import type { EngineRuntime } from '../drivers/engine-runtime.port';
import type { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines.config';
import { provisioningPauseMs } from './back-off';
import { toRuntimeError } from './fleet-errors';

interface Retry {
  readonly failures: number;
  /** Monotonic ms. */
  readonly at: number;
}

export interface WorksDuties {
  readonly runtime: EngineRuntime;
  readonly registry: EngineRegistry;
  readonly config: Pick<EnginesConfig, 'engineRetryBaseMs' | 'engineRetryMaxMs'>;
  /** It is absent now. */
  readonly removed: (engineId: string, why: string) => void;
  /** Work on an engine has ended, well or not. */
  readonly changed: () => void;
}

/** Work on engines that are there: one at a time for each, and after a failure a pause before the next. */
export class EngineWorks {
  private readonly logger = new Logger('Fleet');
  private readonly running = new Map<string, Promise<boolean>>();
  private readonly removing = new Set<string>();
  private readonly retries = new Map<string, Retry>();

  constructor(private readonly duties: WorksDuties) {}

  /** Work is under way, or has just failed and is to be left alone for a moment. */
  isBusy(engineId: string): boolean {
    return this.isRunning(engineId) || (this.retries.get(engineId)?.at ?? 0) > monotonicMs();
  }

  isRunning(engineId: string): boolean {
    return this.running.has(engineId);
  }

  /** Also while a removal that failed waits for its next try. */
  isRemoving(engineId: string): boolean {
    return this.removing.has(engineId) && this.isBusy(engineId);
  }

  /** Until the first pause is over; Infinity when there is none. */
  get retryInMs(): number {
    const now = monotonicMs();
    const waits = [...this.retries.values()].map(({ at }) => at - now).filter((ms) => ms > 0);
    return Math.min(...waits, Infinity);
  }

  /** Its streams leave, then it is made absent. Resolves true when it is; never rejects. */
  remove(engineId: string, why: string): Promise<boolean> {
    return this.begin(engineId, `removing engine ${engineId}: ${why}`, async () => {
      this.removing.add(engineId);
      this.empty(engineId, why);
      await this.duties.runtime.remove(engineId);
      this.removing.delete(engineId);
      this.duties.removed(engineId, why);
    });
  }

  unpause(engineId: string, why: string): Promise<boolean> {
    return this.begin(engineId, `unpausing engine ${engineId}: ${why}`, () =>
      this.duties.runtime.unpause(engineId),
    );
  }

  /**
   * Its streams leave, then its process is started anew.
   *
   * @throws AppError `conflict` when other work on it is under way; RuntimeError
   */
  async restart(engineId: string, why: string): Promise<void> {
    if (this.isRunning(engineId)) {
      throw new AppError('conflict', 'Another operation on this engine is in progress.');
    }
    let failure: unknown = null;
    await this.begin(engineId, `restarting engine ${engineId}: ${why}`, async () => {
      const isOurDrain = this.empty(engineId, why);
      try {
        await this.duties.runtime.restart(engineId);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        const engine = this.duties.registry.get(engineId);
        if (isOurDrain && engine !== undefined) this.duties.registry.undrain(engine);
      }
    });
    if (failure !== null) throw toRuntimeError(failure);
  }

  /** What was planned for those that are not there any more is void. */
  forget(engineId: string): void {
    this.retries.delete(engineId);
    this.removing.delete(engineId);
  }

  /** Resolves when all that was begun has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.running.values());
  }

  /** Nothing new comes, what is on it leaves. True when it was not being drained before. */
  private empty(engineId: string, why: string): boolean {
    const { registry } = this.duties;
    const engine = registry.get(engineId);
    if (engine === undefined) return false;
    const isFirst = engine.state !== 'draining';
    registry.drain(engine, why, 'fleet');
    registry.evict(engine, why);
    return isFirst;
  }

  private begin(engineId: string, line: string, work: () => Promise<void>): Promise<boolean> {
    const under = this.running.get(engineId);
    if (under !== undefined) return under;
    this.logger.log(line);
    const task = this.run(engineId, work);
    this.running.set(engineId, task);
    return task;
  }

  private async run(engineId: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.retries.delete(engineId);
      return true;
    } catch (error) {
      const { engineRetryBaseMs: base, engineRetryMaxMs: max } = this.duties.config;
      const failures = (this.retries.get(engineId)?.failures ?? 0) + 1;
      const pauseMs = provisioningPauseMs(failures, base, max, Math.random());
      this.retries.set(engineId, { failures, at: monotonicMs() + pauseMs });
      this.logger.warn(`engine ${engineId}: ${toRuntimeError(error).message}`);
      return false;
    } finally {
      this.running.delete(engineId);
      this.duties.changed();
    }
  }
}
