import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CONFIG, LiveConfig } from '../../config';
import { JobHandler, Jobs } from '../../coordination';
import { AppError } from '../../kernel/errors';
import { EngineRuntime } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import { EngineRollout } from './engine-rollout';
import { toAppError, toRuntimeError } from './fleet-errors';
import type { ImageRefreshStatus } from './fleet.types';
import { ReconcileLoop } from './reconcile-loop';
import { nextRefresh } from './refresh-schedule';
import { RuntimeConnectivity } from './runtime-connectivity';

/** The wall clock is read this often, so that a change of the clock, or a machine that was asleep, delays no refresh. */
const LOOK_EVERY_MS = 60_000;

/**
 * Pulls the tag of the engines' image again: on a schedule, and when an operator requests it. A changed content is rolled
 * in by `EngineRollout`.
 */
@Injectable()
export class ImageRefresh implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Fleet');
  private readonly random = Math.random();
  private readonly end = new AbortController();
  private running: Promise<void> | null = null;
  private isRequested = false;
  private next: Date | null = null;
  private last: ImageRefreshStatus['last'] = null;
  private unsubscribe: () => void = () => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<EnginesConfig, 'engineImageRefresh'>,
    private readonly settings: LiveConfig,
    private readonly runtime: EngineRuntime,
    private readonly rollout: EngineRollout,
    private readonly connectivity: RuntimeConnectivity,
    private readonly loop: ReconcileLoop,
    private readonly jobs: Jobs,
  ) {}

  get status(): ImageRefreshStatus {
    return { isRunning: this.running !== null, next: this.next, last: this.last };
  }

  onModuleInit(): void {
    // Simulated engines have no image.
    if (this.runtime.profile === null) return;
    this.plan();
    this.unsubscribe = this.settings.onChange(['engineImageRefresh'], () => this.plan());
    this.jobs.every('engine_image.schedule', LOOK_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    this.end.abort(new Error('the process is shutting down'));
    await this.running;
  }

  /** The job returns at once, because a pull may take minutes, and all jobs must end before the fleet can. */
  @JobHandler('engine_image.schedule')
  lookAtClock(): void {
    if (this.next === null || new Date() < this.next || !this.connectivity.isUp) return;
    this.plan();
    this.begin();
  }

  /**
   * Begins a refresh, unless one is running. A stopped rollout begins again after it.
   *
   * @throws AppError `not_managed` for engines without an image; `docker_unavailable`
   */
  request(): void {
    if (this.runtime.profile === null) {
      throw new AppError('not_managed', 'Simulated engines have no image.');
    }
    if (!this.connectivity.isUp) throw new AppError('docker_unavailable', 'Docker does not answer.');
    this.isRequested = true;
    this.begin();
  }

  private plan(): void {
    this.next = nextRefresh(this.config.engineImageRefresh, new Date(), this.random);
  }

  private begin(): void {
    this.running ??= this.refresh().finally(() => (this.running = null));
  }

  /** Never rejects. */
  private async refresh(): Promise<void> {
    const { reference } = this.runtime.image;
    this.logger.log(`looking for a newer image ${reference}`);
    try {
      await this.runtime.refreshImage(this.end.signal);
      this.last = { at: new Date(), error: null };
      // Without a request, a content whose engines do not start is not tried again every night.
      if (this.isRequested) this.rollout.retry();
    } catch (error) {
      if (this.end.signal.aborted) return;
      const { code } = toAppError(error);
      const { message } = toRuntimeError(error);
      this.last = { at: new Date(), error: { code, message } };
      this.logger.warn(`image ${reference} could not be refreshed: ${message}`);
    } finally {
      this.isRequested = false;
      this.loop.wake();
    }
  }
}
